// The S-box of AES (FIPS 197 §5.1.1) as a circuit over bits, each in a word or register of many bytes at once: J. Boyar and R. Peralta,
// "A small depth-16 circuit for the AES S-box" (2012), with their names. u0 is the highest bit that goes in, s0 the highest that
// comes out. Four negations of theirs, which add the constant 0x63, are left to whoever calls.
const circuit = `
y14 = u3 ^ u5
y13 = u0 ^ u6
y9 = u0 ^ u3
y8 = u0 ^ u5
t0 = u1 ^ u2
y1 = t0 ^ u7
y4 = y1 ^ u3
y12 = y13 ^ y14
y2 = y1 ^ u0
y5 = y1 ^ u6
y3 = y5 ^ y8
t1 = u4 ^ y12
y15 = t1 ^ u5
y20 = t1 ^ u1
y6 = y15 ^ u7
y10 = y15 ^ t0
y11 = y20 ^ y9
y7 = u7 ^ y11
y17 = y10 ^ y11
y19 = y10 ^ y8
y16 = t0 ^ y11
y21 = y13 ^ y16
y18 = u0 ^ y16
t2 = y12 & y15
t4a = y3 & y6
t4 = t4a ^ t2
t6a = y4 & u7
t6 = t6a ^ t2
t7 = y13 & y16
t9a = y5 & y1
t9 = t9a ^ t7
t11a = y2 & y7
t11 = t11a ^ t7
t12 = y9 & y11
t14a = y14 & y17
t14 = t14a ^ t12
t16a = y8 & y10
t16 = t16a ^ t12
t21a = t4 ^ t14
t21 = t21a ^ y20
t22a = t6 ^ t16
t22 = t22a ^ y19
t23a = t9 ^ t14
t23 = t23a ^ y21
t24a = t11 ^ t16
t24 = t24a ^ y18
t25 = t21 ^ t22
t26 = t21 & t23
t27 = t24 ^ t26
t29a = t25 & t27
t29 = t29a ^ t22
t30 = t23 ^ t24
t31 = t22 ^ t26
t33a = t31 & t30
t33 = t33a ^ t24
t34 = t23 ^ t33
t35 = t27 ^ t33
t36 = t24 & t35
t37 = t36 ^ t34
t38 = t27 ^ t36
t40a = t29 & t38
t40 = t40a ^ t25
t41 = t40 ^ t37
t42 = t29 ^ t33
t43 = t29 ^ t40
t44 = t33 ^ t37
t45 = t42 ^ t41
z0 = t44 & y15
z1 = t37 & y6
z2 = t33 & u7
z3 = t43 & y16
z4 = t40 & y1
z5 = t29 & y7
z6 = t42 & y11
z7 = t45 & y17
z8 = t41 & y10
z9 = t44 & y12
z10 = t37 & y3
z11 = t33 & y4
z12 = t43 & y13
z13 = t40 & y5
z14 = t29 & y2
z15 = t42 & y9
z16 = t45 & y14
z17 = t41 & y8
t46 = z15 ^ z16
t47 = z10 ^ z11
t48 = z5 ^ z13
t49 = z9 ^ z10
t50 = z2 ^ z12
t51 = z2 ^ z5
t52 = z7 ^ z8
t53 = z0 ^ z3
t54 = z6 ^ z7
t55 = z16 ^ z17
t56 = z12 ^ t48
t57 = t50 ^ t53
t58 = z4 ^ t46
t59 = z3 ^ t54
t60 = t46 ^ t57
t61 = z14 ^ t57
t62 = t52 ^ t58
t63 = t49 ^ t58
t64 = z4 ^ t59
t65 = t61 ^ t62
t66 = z1 ^ t63
t67 = t64 ^ t65
s3 = t53 ^ t66
s7 = t48 ^ t60
s6 = t56 ^ t62
s5 = t47 ^ t65
s4 = t51 ^ t66
s2 = t55 ^ t67
s1 = t64 ^ s3
s0 = t59 ^ t63
`

type Gate = (operator: '^' | '&', a: string, b: string) => string

/** Writes the circuit, one gate a line; `gate` writes an operation. */
export function sboxCircuit(gate: Gate): string {
  return circuit
    .trim()
    .split('\n')
    .map((line) => {
      const [name, , a = '', operator, b = ''] = line.split(' ')
      return `    const ${name} = ${gate(operator === '&' ? '&' : '^', a, b)}`
    })
    .join('\n')
}

const bits = Array.from({ length: 8 }, (_, bit) => bit)

/** Writes assembly/generated/aes-sbox.ts, for words of 64 bits. */
export function aesSbox(): string {
  return `
/** Replaces each byte b by S(b) ^ 0x63: \`sliced\` holds eight words, and the i-th has bit i of every byte. */
export function substitute(sliced: usize): void {
${bits.map((bit) => `    const u${7 - bit} = load<u64>(sliced, ${8 * bit})`).join('\n')}
${sboxCircuit((operator, a, b) => `${a} ${operator} ${b}`)}
${bits.map((bit) => `    store<u64>(sliced, s${7 - bit}, ${8 * bit})`).join('\n')}
}
`
}
