#!/bin/sh
# http_client.sh - `--via`: what is said where the other side is no voltbus, or none at all (http_client_test.py).
exec python3 "$TEST_DIR/e2e/http_client_test.py"
