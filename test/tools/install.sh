#!/bin/sh
# What `cmake --install` installs is enough to build a program with pkg-config.
# SPDX-License-Identifier: MIT
set -eu

if [ ! -e "$SOURCE_DIR/build/release/libvoltbus.a" ]; then
    echo "skipped: no release build"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$SOURCE_DIR/build/release" --prefix "$work/usr" >/dev/null
cat >"$work/program.c" <<'END'
#include <stdio.h>
#include <voltbus/err.h>

int main(void) {
    puts(vb_fault_text(VB_FAULT_CRC));
    return 0;
}
END
PKG_CONFIG_PATH=$(dirname "$(find "$work/usr" -name voltbus.pc)")
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs voltbus)
cc -o "$work/program" "$work/program.c" $flags
[ "$("$work/program")" = crc ]
"$work/usr/bin/voltbus" list devices >/dev/null
