# lib.sh - what the scripts of test/uml share, beside those of test/e2e.
. "$TEST_DIR/e2e/lib.sh"
cd "$work" || exit 1
recorder=

# record LINK: run voltbus with the link `bus`, recording all frames to frames.log, what it says to said.
record() {
    rm -f frames.log said
    printf 'links:\n  bus: "%s"\noutputs:\n  frames: {type: candump, path: frames.log}\n' "$1" >gateway.yaml
    "$VOLTBUS" run gateway.yaml 2>said &
    recorder=$!
}
record_end() {
    kill "$recorder" 2>/dev/null
    wait "$recorder"
}

# says NAME TEXT: wait until voltbus has said it, 15 s at most.
says() {
    for _ in $(seq 75); do
        if grep -qF "$2" said; then
            echo "ok $1: says $2"
            return
        fi
        sleep 0.2
    done
    failed=1
    printf 'FAILED %s: expected to be said: %s\n--- said\n%s\n---\n' "$1" "$2" "$(cat said)"
}

# same NAME EXPECTED GOT: two texts are alike.
same() {
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        failed=1
        printf 'FAILED %s\n--- expected\n%s\n--- got\n%s\n---\n' "$1" "$2" "$3"
    fi
}
