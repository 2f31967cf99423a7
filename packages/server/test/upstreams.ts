import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { dirname, join } from 'node:path'
import express from 'express'
import fastify from 'fastify'

/** Whether an upstream served something below `/admin` or `/v1/admin`, and the headers as its programs get them. */
export interface Served {
  readonly admin: boolean
  readonly headers: { readonly [name: string]: string }
}

export interface RealUpstream {
  readonly origin: string
  close(): Promise<unknown>
}

const GO = `package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
)

func serve(admin bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		headers := map[string]string{}
		for name, values := range r.Header {
			headers["HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] = strings.Join(values, ",")
		}
		json.NewEncoder(w).Encode(map[string]any{"admin": admin, "headers": headers})
	}
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", serve(false))
	mux.HandleFunc("/admin", serve(true))
	mux.HandleFunc("/admin/", serve(true))
	mux.HandleFunc("/v1/admin", serve(true))
	mux.HandleFunc("/v1/admin/", serve(true))
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, mux)
}
`

/** The same without regard to case, by Go's own tables. */
const GO_LOWER = GO.replace(
  'http.Serve(listener, mux)',
  `http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = strings.ToLower(r.URL.Path)
		mux.ServeHTTP(w, r)
	}))`,
)

/** @param path an expression for the path that is served, of `given` */
const python = (path: string): string => `import json, posixpath, re, unicodedata
from wsgiref.simple_server import make_server, WSGIRequestHandler

class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass

def app(environ, start_response):
    given = environ["PATH_INFO"]
    path = posixpath.normpath(${path}).replace("//", "/")
    start_response("200 OK", [("content-type", "application/json")])
    headers = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
    return [json.dumps({"admin": (path + "/").startswith(("/admin/", "/v1/admin/")), "headers": headers}).encode()]

server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
`

/** Which file a path is is what the server makes of it. */
const PYTHON_FILES = `import json, os, sys
from http.server import HTTPServer, SimpleHTTPRequestHandler

class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        file = os.path.relpath(self.translate_path(self.path), os.getcwd()) + "/"
        headers = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in self.headers.items()}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"admin": file.startswith(("admin/", "v1/admin/")), "headers": headers}).encode())

server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
`

/** @param admin an expression of PHP */
const php = (admin: string): string =>
  `<?php ${admin}; echo json_encode(["admin" => $admin, "headers" => array_filter($_SERVER, fn($name) => str_starts_with($name, "HTTP_"), ARRAY_FILTER_USE_KEY)]);`

/** @param path an expression of PHP */
const phpRouter = (path: string): string =>
  php(`$path = strtolower(${path}) . "/"; $admin = str_starts_with($path, "/admin/") || str_starts_with($path, "/v1/admin/")`)

/** PHP's own server, with these files. */
async function phpServer(root: string, files: { readonly [file: string]: string }, args: readonly string[]): Promise<RealUpstream> {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  const port = await freePort()
  return startedAt(port, 'php', ['-q', '-S', `127.0.0.1:${port}`, '-t', root, ...args])
}

/** The variables that it has of a header; others are told the same. */
const NGINX_HEADERS = [
  ...['x_countersign_permissions', 'x_countersign_key', 'x_countersign_wallet', 'x_forwarded_for', 'x_forwarded_host'],
  ...['forwarded', 'x_real_ip', 'x_client_ip', 'x_http_method_override', 'x_original_url', 'x_rewrite_url', 'proxy'],
]

/** With headers whose names have underscores and worse, which it drops unless it is told not to. */
function nginxConfig(port: number, folder: string): string {
  const headers = NGINX_HEADERS.map(name => `"HTTP_${name.toUpperCase()}":"$http_${name}"`).join(',')
  const served = (admin: boolean): string => `return 200 '{"admin":${admin},"headers":{${headers}}}';`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join(' ')
  return `daemon off; master_process off; pid ${folder}/nginx.pid; error_log /dev/null;
events {}
http {
  access_log off; underscores_in_headers on; ignore_invalid_headers off; ${temporary}
  server {
    listen 127.0.0.1:${port};
    location / { ${served(false)} }
    location ~* ^(/v1)?/admin(/|$) { ${served(true)} }
  }
}
`
}

const PROGRAMS: { readonly [upstream: string]: readonly string[] } = {
  'Go ServeMux': ['go', 'version'],
  'Go, without regard to case': ['go', 'version'],
  nginx: ['nginx', '-v'],
  PHP: ['php', '--version'],
  'PHP with PATH_INFO': ['php', '--version'],
  'PHP with a router': ['php', '--version'],
  'PHP with a router that decodes first': ['php', '--version'],
  'Python http.server': ['python3', '--version'],
  'Python wsgiref': ['python3', '--version'],
  'Python, in one shape (NFKC)': ['python3', '--version'],
  'Python, without regard to case (re.I)': ['python3', '--version'],
}

/** Whether an upstream can be started on this machine. */
export function isHere(name: string): boolean {
  const [program, ...args] = PROGRAMS[name] ?? []
  return program === undefined || spawnSync(program, args).error === undefined
}

/** What a program says first is its port. */
async function started(program: string, args: readonly string[]): Promise<RealUpstream> {
  // A group of its own: `go run` starts the program that it made.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { origin: `http://127.0.0.1:${Number(line.toString())}`, close: () => ended(child) }
}

/** A program that doesn't say when it listens. */
async function startedAt(port: number, program: string, args: readonly string[]): Promise<RealUpstream> {
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  const origin = `http://127.0.0.1:${port}`
  const isThere = () =>
    fetch(origin).then(
      () => true,
      () => false,
    )
  while (!(await isThere())) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}.`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return { origin, close: () => ended(child) }
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  await gone
}

async function listening(server: Server): Promise<RealUpstream> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise(resolve => server.close(resolve).closeAllConnections()),
  }
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

/** As a program of the language gets them. */
function variables(headers: { readonly [name: string]: string | readonly string[] | undefined }): Served['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, String(value)]),
  )
}

/** Servers with something to guard below `/admin` and `/v1/admin`. Each finds out in its own way what a path means. */
export const UPSTREAMS: { readonly [name: string]: (folder: string) => Promise<RealUpstream> } = {
  Express: () => {
    const app = express()
    app.use(['/admin', '/v1/admin'], (request, response) => void response.json({ admin: true, headers: variables(request.headers) }))
    app.use((request, response) => void response.json({ admin: false, headers: variables(request.headers) }))
    return listening(createServer(app))
  },
  Fastify: async () => {
    const app = fastify({ routerOptions: { ignoreDuplicateSlashes: true, caseSensitive: false } })
    for (const path of ['/admin', '/admin/*', '/v1/admin', '/v1/admin/*'])
      app.get(path, async request => ({ admin: true, headers: variables(request.headers) }))
    app.get('/*', async request => ({ admin: false, headers: variables(request.headers) }))
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    return { origin, close: () => app.close() }
  },
  'Go ServeMux': folder => {
    writeFileSync(join(folder, 'main.go'), GO)
    return started('go', ['run', join(folder, 'main.go')])
  },
  'Go, without regard to case': folder => {
    writeFileSync(join(folder, 'lower.go'), GO_LOWER)
    return started('go', ['run', join(folder, 'lower.go')])
  },
  PHP: folder => {
    const [admin, other] = [php('$admin = true'), php('$admin = false')]
    const files = { 'index.php': other, 'admin/index.php': admin, 'v1/admin/index.php': admin, 'public/index.php': other }
    return phpServer(join(folder, 'php'), files, [])
  },
  'PHP with PATH_INFO': folder =>
    phpServer(join(folder, 'php-info'), { 'index.php': phpRouter('$_SERVER["PATH_INFO"] ?? $_SERVER["SCRIPT_NAME"]') }, []),
  'PHP with a router': folder => {
    const root = join(folder, 'php-router')
    const path = 'rawurldecode(parse_url($_SERVER["REQUEST_URI"], PHP_URL_PATH) ?: "/")'
    return phpServer(root, { 'router.php': phpRouter(path) }, [join(root, 'router.php')])
  },
  'PHP with a router that decodes first': folder => {
    const root = join(folder, 'php-decoding-router')
    const path = '(parse_url(rawurldecode($_SERVER["REQUEST_URI"]), PHP_URL_PATH) ?: "/")'
    return phpServer(root, { 'router.php': phpRouter(path) }, [join(root, 'router.php')])
  },
  nginx: async folder => {
    const port = await freePort()
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, nginxConfig(port, folder))
    return startedAt(port, 'nginx', ['-p', folder, '-e', '/dev/null', '-c', file])
  },
  'Python http.server': () => started('python3', ['-c', PYTHON_FILES]),
  'Python wsgiref': () => started('python3', ['-c', python('given')]),
  'Python, in one shape (NFKC)': () =>
    started('python3', ['-c', python('unicodedata.normalize("NFKC", given.encode("latin1").decode("utf-8", "ignore")).casefold()')]),
  'Python, without regard to case (re.I)': () =>
    started('python3', ['-c', python('re.sub("/admin", "/admin", given.encode("latin1").decode("utf-8", "replace"), flags=re.I)')]),
}
