// The S-box of AES (FIPS 197 §5.1.1) as a circuit of 113 gates over 64 bytes at once: J. Boyar and R. Peralta, "A small depth-16
// circuit for the AES S-box" (2012). No table, so no address depends on the state.
//
// `sliced` holds eight 64-bit words: bit i of all bytes is in the i-th. Names are those of the paper, where u0 is the highest
// bit. The four negations of the paper, which add the constant 0x63, are left to whoever calls.

/** Replaces each byte b by S(b) ^ 0x63. */
export function substitute(sliced: usize): void {
  const u7 = load<u64>(sliced)
  const u6 = load<u64>(sliced, 8)
  const u5 = load<u64>(sliced, 16)
  const u4 = load<u64>(sliced, 24)
  const u3 = load<u64>(sliced, 32)
  const u2 = load<u64>(sliced, 40)
  const u1 = load<u64>(sliced, 48)
  const u0 = load<u64>(sliced, 56)

  // Linear: into the tower field GF(((2^2)^2)^2).
  const y14 = u3 ^ u5
  const y13 = u0 ^ u6
  const y9 = u0 ^ u3
  const y8 = u0 ^ u5
  const t0 = u1 ^ u2
  const y1 = t0 ^ u7
  const y4 = y1 ^ u3
  const y12 = y13 ^ y14
  const y2 = y1 ^ u0
  const y5 = y1 ^ u6
  const y3 = y5 ^ y8
  const t1 = u4 ^ y12
  const y15 = t1 ^ u5
  const y20 = t1 ^ u1
  const y6 = y15 ^ u7
  const y10 = y15 ^ t0
  const y11 = y20 ^ y9
  const y7 = u7 ^ y11
  const y17 = y10 ^ y11
  const y19 = y10 ^ y8
  const y16 = t0 ^ y11
  const y21 = y13 ^ y16
  const y18 = u0 ^ y16

  // Inversion in the tower field.
  const t2 = y12 & y15
  const t4 = (y3 & y6) ^ t2
  const t6 = (y4 & u7) ^ t2
  const t7 = y13 & y16
  const t9 = (y5 & y1) ^ t7
  const t11 = (y2 & y7) ^ t7
  const t12 = y9 & y11
  const t14 = (y14 & y17) ^ t12
  const t16 = (y8 & y10) ^ t12
  const t21 = t4 ^ t14 ^ y20
  const t22 = t6 ^ t16 ^ y19
  const t23 = t9 ^ t14 ^ y21
  const t24 = t11 ^ t16 ^ y18
  const t25 = t21 ^ t22
  const t26 = t21 & t23
  const t27 = t24 ^ t26
  const t29 = (t25 & t27) ^ t22
  const t30 = t23 ^ t24
  const t31 = t22 ^ t26
  const t33 = (t31 & t30) ^ t24
  const t34 = t23 ^ t33
  const t35 = t27 ^ t33
  const t36 = t24 & t35
  const t37 = t36 ^ t34
  const t38 = t27 ^ t36
  const t40 = t25 ^ (t29 & t38)
  const t41 = t40 ^ t37
  const t42 = t29 ^ t33
  const t43 = t29 ^ t40
  const t44 = t33 ^ t37
  const t45 = t42 ^ t41
  const z0 = t44 & y15
  const z1 = t37 & y6
  const z2 = t33 & u7
  const z3 = t43 & y16
  const z4 = t40 & y1
  const z5 = t29 & y7
  const z6 = t42 & y11
  const z7 = t45 & y17
  const z8 = t41 & y10
  const z9 = t44 & y12
  const z10 = t37 & y3
  const z11 = t33 & y4
  const z12 = t43 & y13
  const z13 = t40 & y5
  const z14 = t29 & y2
  const z15 = t42 & y9
  const z16 = t45 & y14
  const z17 = t41 & y8

  // Linear: back, and the affine map of the standard.
  const t46 = z15 ^ z16
  const t47 = z10 ^ z11
  const t48 = z5 ^ z13
  const t49 = z9 ^ z10
  const t50 = z2 ^ z12
  const t51 = z2 ^ z5
  const t52 = z7 ^ z8
  const t53 = z0 ^ z3
  const t54 = z6 ^ z7
  const t55 = z16 ^ z17
  const t56 = z12 ^ t48
  const t57 = t50 ^ t53
  const t58 = z4 ^ t46
  const t59 = z3 ^ t54
  const t60 = t46 ^ t57
  const t61 = z14 ^ t57
  const t62 = t52 ^ t58
  const t63 = t49 ^ t58
  const t64 = z4 ^ t59
  const t65 = t61 ^ t62
  const t66 = z1 ^ t63
  const t67 = t64 ^ t65
  const s3 = t53 ^ t66
  store<u64>(sliced, t48 ^ t60)
  store<u64>(sliced, t56 ^ t62, 8)
  store<u64>(sliced, t47 ^ t65, 16)
  store<u64>(sliced, t51 ^ t66, 24)
  store<u64>(sliced, s3, 32)
  store<u64>(sliced, t55 ^ t67, 40)
  store<u64>(sliced, t64 ^ s3, 48)
  store<u64>(sliced, t59 ^ t63, 56)
}

/** The inverse of the affine map of the standard, without its constant. */
function undoAffine(sliced: usize): void {
  const a0 = load<u64>(sliced)
  const a1 = load<u64>(sliced, 8)
  const a2 = load<u64>(sliced, 16)
  const a3 = load<u64>(sliced, 24)
  const a4 = load<u64>(sliced, 32)
  const a5 = load<u64>(sliced, 40)
  const a6 = load<u64>(sliced, 48)
  const a7 = load<u64>(sliced, 56)
  store<u64>(sliced, a2 ^ a5 ^ a7)
  store<u64>(sliced, a3 ^ a6 ^ a0, 8)
  store<u64>(sliced, a4 ^ a7 ^ a1, 16)
  store<u64>(sliced, a5 ^ a0 ^ a2, 24)
  store<u64>(sliced, a6 ^ a1 ^ a3, 32)
  store<u64>(sliced, a7 ^ a2 ^ a4, 40)
  store<u64>(sliced, a0 ^ a3 ^ a5, 48)
  store<u64>(sliced, a1 ^ a4 ^ a6, 56)
}

/** Replaces each byte b ^ 0x63 by the inverse S-box of b: S undoes its own inversion, between two inverse affine maps. */
export function unsubstitute(sliced: usize): void {
  undoAffine(sliced)
  substitute(sliced)
  undoAffine(sliced)
}
