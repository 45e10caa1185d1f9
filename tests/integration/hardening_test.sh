#!/usr/bin/env bash
# What somebody finds who knocks at a collector: a scan of all ports, TLS versions and ciphers, every
# answer's headers, methods, foreign hosts, paths that climb, half requests and half handshakes. In a
# network namespace of its own, so that everything that listens there is the collector's.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in nmap openssl curl python3; do need "$program"; done
in_own_network "$0"
start_collector
make_token analyst viewer "$work/viewer.token"
make_token plc sensor "$work/sensor.token"
host=127.0.0.1

say 'one port is open, of all'
nmap -n -Pn -sT -p- --min-rate 5000 "$host" -oG "$work/scan.txt" >"$work/nmap.log"
open=$(grep -oE '[0-9]+/open/tcp' "$work/scan.txt" | tr '\n' ' ')
[[ $open == "$collector_port/open/tcp " ]] || fail "open: $open"

say 'TLS 1.2 and newer, with forward secrecy and nothing weak'
handshake() { openssl s_client -connect "$host:$collector_port" -CAfile "$ca" "$@" </dev/null 2>&1; }
for version in tls1 tls1_1; do
  if handshake "-$version" -cipher 'ALL:@SECLEVEL=0' | grep -q 'Cipher is [A-Z]'; then fail "$version is spoken"; fi
done
for version in tls1_2 tls1_3; do
  handshake "-$version" | grep -q 'Verify return code: 0' || fail "$version is not spoken"
done
for weak in 'AES128-SHA' 'AES256-GCM-SHA384' 'ECDHE-RSA-AES128-SHA' 'ECDHE-ECDSA-AES128-SHA' 'NULL' 'aNULL' '3DES' 'RC4'; do
  if handshake -tls1_2 -cipher "$weak:@SECLEVEL=0" | grep -q "Cipher is [A-Z]"; then fail "the cipher $weak is taken"; fi
done

say 'the headers of every kind of answer'
for path in /healthz /api/v1/session /api/v1/openapi.json /no/such /metrics /; do
  curl -s --cacert "$ca" -D "$work/head" -o /dev/null "$url$path"
  for header in 'content-security-policy: default-src .self.' 'x-content-type-options: nosniff' 'referrer-policy: no-referrer' \
    'strict-transport-security: max-age=[1-9]' 'cache-control: '; do
    grep -qi "^$header" "$work/head" || fail "$path has no header $header"
  done
  if grep -qiE '^(server|x-powered-by):' "$work/head"; then fail "$path tells what it is made of"; fi
  if grep -qi '^content-security-policy:.*unsafe' "$work/head"; then fail "$path allows inline script"; fi
  if grep -qi '^access-control-allow' "$work/head"; then fail "$path lets other origins read"; fi
done

say 'methods, hosts and paths'
status_of() { curl -s --path-as-is -m 20 --cacert "$ca" -o "$work/body" -w '%{http_code}' "$@" || true; }
for method in TRACE CONNECT OPTIONS PATCH; do
  status=$(status_of -X "$method" "$url/healthz")
  [[ $status == 405 || $status == 400 ]] || fail "$method: $status"
done
status=$(status_of -H 'Host: evil.example' "$url/api/v1/session")
if grep -q evil "$work/body"; then fail "the host of a request comes back ($status)"; fi
for path in /../../etc/passwd /%2e%2e/%2e%2e/etc/passwd '/..%2f..%2fetc/passwd' /api/v1/segments/..%2f..%2fcatalog.sqlite \
  '/api/v1/sensors/..%2f..%2f/health' //etc/passwd '/%00' '/api/v1/%2e%2e/%2e%2e/data'; do
  status=$(status_of -H "Authorization: Bearer $(cat "$work/viewer.token")" "$url$path")
  [[ $status == 4?? ]] || fail "$path: $status"
  if grep -qE 'root:|SQLite' "$work/body"; then fail "$path gives a file"; fi
done

say 'a token of one kind opens nothing of the other, and is not taken from an address'
[[ $(status_of "$url/api/v1/flows?token=$(cat "$work/viewer.token")") == 401 ]] || fail 'a token in the address is taken'
[[ $(status_of -u "x:$(cat "$work/viewer.token")" "$url/api/v1/flows") == 401 ]] || fail 'a token as a password is taken'
[[ $(status_of -H "Authorization: Bearer $(cat "$work/sensor.token")" "$url/api/v1/flows") == 403 ]] || fail 'a sensor reads'
[[ $(status_of -H 'X-Forwarded-User: admin' -H 'X-Remote-User: admin' -H 'Remote-User: admin' "$url/api/v1/flows") == 401 ]] || fail 'a header logs in'

say 'of three hundred half requests and half handshakes of one address 256 are held, and leave room for others'
python3 - "$host" "$collector_port" "$ca" <<'PYTHON'
import http.client, socket, ssl, sys, time
host, port, ca = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=ca)
held = []
for number in range(300):
    connection = socket.create_connection((host, port), timeout=10)
    try:
        if number % 2:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01")  # the first bytes of a handshake
        else:
            connection = context.wrap_socket(connection, server_hostname=host)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-a:")
    except OSError:
        continue  # closed at once
    held.append(connection)
def status(source):
    began = time.monotonic()
    connection = http.client.HTTPSConnection(host, port, context=context, timeout=10, source_address=(source, 0))
    connection.request("GET", "/healthz")
    code = connection.getresponse().status
    assert time.monotonic() - began < 2, "others wait"
    return code
assert status("127.0.0.2") == 200
try:
    assert status("127.0.0.1") is None, "one address has more than its share"
except OSError:
    pass
time.sleep(12)  # the time limit of a header is 10 s
def gone(connection):
    """Closed, or told so: what a peer that is done with us sends is an end, a reset or an alert."""
    try:
        connection.settimeout(2)
        connection.recv(4096)
        return True
    except TimeoutError:
        return False
    except (ConnectionError, ssl.SSLError):
        return True
left = sum(not gone(connection) for connection in held)
assert left == 0, f"{left} half requests are still held"
PYTHON

grep -q ' connections refused, the last of 127.0.0.1: limits.connections_per_address is 256' "$work/collector.log" || fail 'the log says nothing of refused connections'

say 'the log has none of it'
for token in "$work"/*.token; do
  if grep -qF -- "$(cat "$token")" "$work/collector.log"; then fail "the log has ${token##*/}"; fi
done
kill -0 "$collector_pid" || fail 'the collector ended'
