"""Servers for the ingest rows: our collector, nginx as a place to PUT files, and the published
design's stack. Each as a context with its own folder and port on the loopback interface; the
system's own services are not touched.
"""

import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request

from peers.process import Child, Failed

_HERE = os.path.dirname(os.path.abspath(__file__))
_NGINX = """
user root;
worker_processes auto;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_buffer_size 1m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{ root {folder}/stored; dav_methods PUT; }}
  }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Service:
    """Start in __enter__, end with its folder in __exit__."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.child = None

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.child:
            try:
                self.child.stop(timeout=20)
            except (Failed, ProcessLookupError):
                pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command):
        self.child = Child(command, f"{self.folder}/log")
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or not self.child.running():
                    raise Failed(f"{command[0]} does not answer: {self.child.text()[-300:]}")
                time.sleep(0.05)


class Collector(_Service):
    """With SQLite and a folder, and no limit per address, since all sensors here have one. Those per
    sensor would be what is measured: `unlimited` is without them."""

    def __init__(self, bin_folder, folder, options=()):
        super().__init__(folder)
        self._bin = bin_folder
        self._options = options
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca = f"{folder}/tls/collector.crt"
        self.key = f"{folder}/tls/collector.key"

    def _start(self):
        self._run([f"{self._bin}/tapiary-collector", "--data", self.folder, "--listen",
                   f"127.0.0.1:{self.port}", "--limits.connections_per_address", "0", *self._options])  # fmt: skip

    def restart(self):
        """With what it has stored."""
        self.child.stop(timeout=60)
        self._start()

    unlimited = ("--limits.sensor.bytes", "0", "--limits.sensor.items", "0",
                 "--limits.sensor.lasting_rows", "0", "--limits.sensor.uploads", "0")  # fmt: skip

    def token(self, name, scope="sensor"):
        done = subprocess.run(
            [f"{self._bin}/tapiary", "token", "create", name, "--scope", scope, "--catalog",
             f"{self.folder}/catalog.sqlite"], capture_output=True, check=True)  # fmt: skip
        return done.stdout.decode().strip()

    def stored(self, token):
        """{(kind, result): items} of /metrics, with a viewer's token."""
        request = urllib.request.Request(
            f"{self.url}/metrics", headers={"Authorization": f"Bearer {token}"}
        )
        context = ssl.create_default_context(cafile=self.ca)
        context.check_hostname = False
        handler = urllib.request.HTTPSHandler(context=context)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
        counts = {}
        for line in opener.open(request, timeout=20).read().decode().splitlines():
            if line.startswith("tapiary_ingest_items_total{"):
                labels, value = line.rsplit(" ", 1)
                parts = labels.split('"')
                counts[parts[1], parts[3]] = int(value)
        return counts


class Nginx(_Service):
    """PUT of files by its own DAV module, with another server's certificate."""

    def __init__(self, folder, certificate, key):
        super().__init__(folder)
        self._certificate, self._key = certificate, key
        self.url = f"https://127.0.0.1:{self.port}"

    def _start(self):
        os.makedirs(f"{self.folder}/stored")
        config = f"{self.folder}/nginx.conf"
        with open(config, "w") as file:
            file.write(_NGINX.format(folder=self.folder, port=self.port,
                                     certificate=self._certificate, key=self._key))  # fmt: skip
        self._run(["/usr/sbin/nginx", "-c", config, "-e", f"{self.folder}/error.log"])


class Published(_Service):
    """Django REST framework on SQLite behind gunicorn, plain HTTP (published/README.md)."""

    def __init__(self, folder):
        super().__init__(folder)
        self.url = f"http://127.0.0.1:{self.port}"
        self.authorization = ""

    def _start(self):
        app = f"{_HERE}/published"
        environment = dict(os.environ, PUBLISHED_DATA=self.folder, PYTHONPATH=app,
                           PYTHONDONTWRITEBYTECODE="1")  # fmt: skip
        done = subprocess.run(["/usr/bin/python3", f"{app}/prepare.py"], env=environment,
                              capture_output=True)  # fmt: skip
        if done.returncode != 0:
            raise Failed(f"published design: {done.stderr.decode()[-300:]}")
        self.authorization = f"Token {done.stdout.decode().strip()}"
        os.environ.update(PUBLISHED_DATA=self.folder, PYTHONDONTWRITEBYTECODE="1")
        workers = 2 * (os.cpu_count() or 1) + 1
        self._run(["/usr/bin/gunicorn", "--chdir", app, "-b", f"127.0.0.1:{self.port}", "-w",
                   workers, "--keep-alive", "5", "app:application"])  # fmt: skip
