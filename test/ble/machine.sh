#!/usr/bin/env bash
# Runs test/ble/scenario.ts on the real BlueZ: a virtual machine with Debian's kernel and bluetoothd, and two virtual controllers that hear each
# other. Everything comes from apt and npm; docs/ble.md tells what it shows. Ends with 77 where this machine cannot run it.
#   EATT=no      with one bearer a connection, as peers without Enhanced ATT have it
#   PATIENT=yes  however slow the machine is
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PATH:/usr/sbin:/sbin"

cannot() {
  echo "BLE on the real stack is not tested: $*" >&2
  exit 77
}

for tool in qemu-system-x86_64 dbus-daemon btvirt bluetoothctl cpio depmod modprobe xz apt-get dpkg; do
  command -v "$tool" >/dev/null || cannot "$tool is not here (apt-get install qemu-system-x86 bluez bluez-test-tools dbus busybox-static cpio kmod xz-utils)"
done
[ "$(uname -m)" = x86_64 ] || cannot "the machine is not x86_64"
bluetoothd=/usr/libexec/bluetooth/bluetoothd
busybox=/bin/busybox
[ -x $bluetoothd ] || cannot "$bluetoothd is not here (apt-get install bluez)"
[ -x $busybox ] || cannot "$busybox is not here (apt-get install busybox-static)"

# The kernels for clouds, on which this may run, have no Bluetooth; the generic one is unpacked, not installed.
work=build/ble-machine
mkdir -p $work
package=$(apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends:/ { print $2 }' | sed -n 1p) || package=
[ -n "$package" ] || cannot 'apt knows no linux-image-amd64 (apt-get update)'
if [ ! -e "$work/$package.done" ]; then
  rm -rf "$work/kernel" "$work"/*.done
  mkdir -p "$work/kernel"
  (cd $work && apt-get download -q "$package" 2>&1) || cannot "apt cannot download $package"
  dpkg -x $work/"$package"_*.deb $work/kernel
  rm $work/"$package"_*.deb
  touch "$work/$package.done"
fi
version=$(basename $work/kernel/lib/modules/*)

root=$work/root
rm -rf $root
mkdir -p $root/{app,bin,dev,etc/bluetooth,etc/dbus-1,proc,root,run,sys,tmp,usr/bin,usr/sbin,var/lib/bluetooth} "$root/lib/modules/$version"

# Copies a program with the libraries that it is linked to.
put() {
  cp -L "$1" "$root$2"
  ldd "$1" | awk '/=> \// { print $3 } /^\t\/lib64\/ld/ { print $1 }' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    [ -e "$root$library" ] || cp -L "$library" "$root$library"
  done
}
cp $busybox $root/bin/busybox
put $bluetoothd /usr/sbin/bluetoothd
for program in dbus-daemon bluetoothctl btvirt node; do put "$(readlink -f "$(command -v $program)")" /usr/bin/$program; done

depmod -b $work/kernel "$version"
for module in bluetooth hci_vhci cmac ecb ecdh_generic algif_hash algif_skcipher; do
  modprobe -d $work/kernel -S "$version" --show-depends $module
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
  name=$(basename "$file" .xz)
  if [ "$name" = "$(basename "$file")" ]; then cp "$file" "$root/lib/modules/$version/$name"; else xz -dc "$file" >"$root/lib/modules/$version/$name"; fi
  echo "$name" >>"$root/lib/modules/$version/load.order"
done

echo 'root:x:0:0:root:/root:/bin/sh' >$root/etc/passwd
echo 'root:x:0:' >$root/etc/group
cp test/ble/bus.conf $root/etc/dbus-1/machine.conf
cp test/ble/main.conf $root/etc/bluetooth/main.conf
if [ "${EATT:-yes}" = no ]; then echo 'Channels = 1' >>$root/etc/bluetooth/main.conf; fi
install -m 755 test/ble/init $root/init

# Our sources and the packages in one file: nothing of the machine outside is needed inside.
node_modules/.bin/esbuild test/ble/scenario.ts --bundle --platform=node --format=esm --target=node20 --log-level=warning \
  --conditions=didcomm-mote-source --external:usocket --external:x11 --outfile=$root/app/scenario.mjs \
  --banner:js="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
(cd $root && find . | cpio --quiet -o -H newc) >$work/initrd.cpio

echo "kernel $version, $(bluetoothctl --version), $(qemu-system-x86_64 --version | head -1)"
log=$work/console.log
limit=280
if [ -n "${PATIENT:-}" ]; then limit=3600; fi
set +e
timeout "$limit" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max -smp 2 -m 768 -display none -vga none \
  -nic none -no-reboot -serial stdio -monitor none -kernel "$work/kernel/boot/vmlinuz-$version" -initrd $work/initrd.cpio \
  -append "console=ttyS0 quiet panic=-1 ${PATIENT:+patient}" </dev/null | sed -u 's#\r###g; s/\x1b\[[0-9;?]*[A-Za-z]//g' | tee $log
ended=${PIPESTATUS[0]}
set -e
if grep -q '^@@RC=77' $log; then cannot 'the machine is too slow, or too busy'; fi
# A quick machine is up after 4 s and needs a third of the time: one that was slow to begin with has not shown a fault by being late.
up=$(sed -n 's/^up after \([0-9]*\).*/\1/p' $log)
if [ "$ended" = 124 ] && [ "${up:-0}" -ge 8 ] && ! grep -q '^FAILED' $log; then
  cannot "the machine is too slow, or too busy: up after $up s, and not done after $limit s; what is above went well"
fi
grep -q '^@@RC=0' $log
