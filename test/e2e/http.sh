#!/bin/sh
# http.sh - the HTTP and WebSocket API on a real socket, with good clients and bad ones (http_test.py).
exec python3 "$TEST_DIR/e2e/http_test.py"
