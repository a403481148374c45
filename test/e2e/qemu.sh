#!/bin/sh
# The library on an emulated Cortex-M prints the same lines as the program on the host, for all worked examples:
# built for a Cortex-M4 and, on a Cortex-M3, for a Cortex-M0+.
# Environment: VOLTBUS, SOURCE_DIR, TEST_DIR (test/CMakeLists.txt).
# SPDX-License-Identifier: MIT
set -eu

for tool in qemu-system-arm arm-none-eabi-gcc; do
    if ! command -v $tool >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The host reads one format per file: first the lines ID#DATA, then those of the radio.
grep -v '^RF69' "$TEST_DIR/vectors/worked.txt" >"$work/frames.txt"
"$VOLTBUS" decode --csv "$work/frames.txt" >"$work/host.csv"
if grep '^RF69' "$TEST_DIR/vectors/worked.txt" >"$work/radio.txt"; then
    "$VOLTBUS" decode --csv "$work/radio.txt" | tail -n +2 >>"$work/host.csv"
fi
rows=$(wc -l <"$work/host.csv")
if [ "$rows" -lt 2 ]; then
    echo "the host decodes nothing"
    exit 1
fi

compare() { # preset machine
    (cd "$SOURCE_DIR" && cmake --preset "$1" && cmake --build --preset "$1") >"$work/build.log" 2>&1 || {
        cat "$work/build.log"
        exit 1
    }
    timeout 60 qemu-system-arm -M "$2" -display none -monitor none -serial stdio \
        -semihosting-config enable=on,target=native \
        -kernel "$SOURCE_DIR/build/$1/port/qemu-mps2.elf" >"$work/$1.csv" </dev/null || {
        echo "$1 on $2: exit status $?"
        tail -3 "$work/$1.csv"
        exit 1
    }
    diff -u "$work/host.csv" "$work/$1.csv" || exit 1
    echo "$1 on $2: the same $rows lines as the host"
}
compare cortex-m mps2-an386
compare cortex-m0plus mps2-an385
