package conformance

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
)

// limit is how many bytes of a body each server is told to take.
const limit = 256 << 10

// server is a web server, and how it is told to pass on what it gets.
type server struct {
	name    string
	command []string // in the folder of the unpacked packages
	env     []string
	file    string                 // of the configuration
	config  func(setting) string   // its text
	http1   bool                   // it can be told to offer no HTTP/2
	streams bool                   // how many requests it takes at once on a connection can be set
	reload  syscall.Signal         // that asks for a graceful reload; 0 where reloading is a command
	reloads func(setting) []string // that command
	// What is logged of a body above the limit; "" where the limit does not hold for what is passed
	// on.
	refusal string
}

// setting is what differs between the runs of a server.
type setting struct {
	root   string // of the unpacked packages
	dir    string // of this run: configuration, certificate, logs
	port   int    // that it listens on
	spare  int    // another one, for its own use
	origin string // host:port of the receiver
	http2  bool
	few    bool // eight requests at once on an HTTP/2 connection
}

// either returns what goes for HTTP/2, or for HTTP/1.1.
func (s setting) either(http2, http1 string) string {
	if s.http2 {
		return http2
	}
	return http1
}

// ifFew returns a line that limits the requests at once, or none.
func (s setting) ifFew(line string) string {
	if s.few {
		return line
	}
	return ""
}

// servers are those of the table, in its order.
var servers = []server{
	{
		name: "nginx", file: "nginx.conf", http1: true, streams: true, reload: syscall.SIGHUP,
		refusal: "status=413",
		command: []string{"usr/sbin/nginx", "-p", "{dir}", "-e", "{dir}/log", "-c", "{dir}/nginx.conf"},
		config: func(s setting) string {
			return fmt.Sprintf(`
daemon off;
user root;
pid %[1]s/pid;
worker_processes 2;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	client_max_body_size %[2]d;
	%[3]s
	upstream receiver { server %[4]s; keepalive 64; }
	server {
		listen 127.0.0.1:%[5]d ssl%[6]s;
		ssl_certificate %[1]s/cert.pem;
		ssl_certificate_key %[1]s/key.pem;
		location / { proxy_pass http://receiver; proxy_http_version 1.1; proxy_set_header Connection ""; }
	}
}
`, s.dir, limit, s.ifFew("http2_max_concurrent_streams 8;"), s.origin, s.port, s.either(" http2", ""))
		},
	},
	{
		name: "Apache", file: "httpd.conf", http1: true, streams: true, reload: syscall.SIGUSR1,
		command: []string{
			"usr/sbin/apache2", "-d", "{dir}", "-f", "{dir}/httpd.conf", "-D",
			"FOREGROUND",
		},
		env: []string{
			"LD_LIBRARY_PATH={root}/usr/lib/x86_64-linux-gnu:{root}/usr/lib/aarch64-linux-gnu",
		},
		config: func(s setting) string {
			var modules strings.Builder
			for _, m := range []string{
				"mpm_event", "socache_shmcb", "ssl", "http2", "proxy", "proxy_http",
				"authz_core",
			} {
				fmt.Fprintf(&modules, "LoadModule %s_module %s/usr/lib/apache2/modules/mod_%s.so\n", m, s.root,
					m)
			}
			return fmt.Sprintf(`%[1]s
ServerName 127.0.0.1
User www-data
Group www-data
DefaultRuntimeDir %[2]s
PidFile %[2]s/pid
Mutex file:%[2]s default
ErrorLog %[2]s/log
Listen 127.0.0.1:%[3]d
Protocols %[4]s http/1.1
SSLEngine on
SSLCertificateFile %[2]s/cert.pem
SSLCertificateKeyFile %[2]s/key.pem
LimitRequestBody %[5]d
%[6]s
ProxyPass / http://%[7]s/
`, modules.String(), s.dir, s.port, s.either("h2", ""), limit, s.ifFew("H2MaxSessionStreams 8"), s.origin)
		},
	},
	{
		name: "HAProxy", file: "haproxy.cfg", http1: true, streams: true, reload: syscall.SIGUSR2,
		refusal: "status=413",
		command: []string{"usr/sbin/haproxy", "-W", "-f", "{dir}/haproxy.cfg", "-p", "{dir}/pid"},
		env: []string{
			"LD_LIBRARY_PATH={root}/usr/lib/x86_64-linux-gnu:{root}/usr/lib/aarch64-linux-gnu",
		},
		config: func(s setting) string {
			return fmt.Sprintf(`
global
	stats socket %[1]s/socket mode 600 level admin expose-fd listeners
	%[2]s
defaults
	mode http
	timeout connect 5s
	timeout client 50s
	timeout server 50s
frontend tls
	bind 127.0.0.1:%[3]d ssl crt %[1]s/both.pem alpn %[4]shttp/1.1
	http-request deny deny_status 413 if { req.hdr(content-length) -m int gt %[5]d }
	default_backend receiver
backend receiver
	server one %[6]s
`, s.dir, s.ifFew("tune.h2.max-concurrent-streams 8"), s.port, s.either("h2,", ""), limit, s.origin)
		},
	},
	{
		name: "Caddy", file: "Caddyfile", http1: true, refusal: "status=502",
		command: []string{
			"usr/bin/caddy", "run", "--config", "{dir}/Caddyfile", "--adapter",
			"caddyfile",
		},
		env: []string{"HOME={dir}", "XDG_DATA_HOME={dir}", "XDG_CONFIG_HOME={dir}"},
		config: func(s setting) string {
			return fmt.Sprintf(`
{
	admin 127.0.0.1:%[1]d
	auto_https disable_redirects
	servers {
		protocols h1 %[2]s
	}
}
https://127.0.0.1:%[3]d {
	tls %[4]s/cert.pem %[4]s/key.pem
	request_body {
		max_size %[5]d
	}
	reverse_proxy %[6]s
}
`, s.spare, s.either("h2", ""), s.port, s.dir, limit, s.origin)
		},
		reloads: func(s setting) []string {
			return []string{
				"usr/bin/caddy", "reload", "--force", "--config", filepath.Join(s.dir, "Caddyfile"),
				"--adapter", "caddyfile",
				"--address", fmt.Sprintf("127.0.0.1:%d", s.spare),
			}
		},
	},
	{
		// it always takes eight requests at once
		name: "lighttpd", file: "lighttpd.conf", http1: true, reload: syscall.SIGUSR1,
		refusal: "status=413",
		command: []string{
			"usr/sbin/lighttpd", "-D", "-f", "{dir}/lighttpd.conf", "-m",
			"{root}/usr/lib/lighttpd",
		},
		config: func(s setting) string {
			return fmt.Sprintf(`
server.modules = ("mod_proxy", "mod_openssl")
server.document-root = "%[1]s"
server.errorlog = "%[1]s/log"
server.upload-dirs = ("%[1]s")
server.pid-file = "%[1]s/pid"
server.bind = "127.0.0.1"
server.port = %[2]d
server.max-request-size = %[3]d
server.feature-flags = (%[4]s "server.graceful-shutdown-timeout" => 20)
ssl.engine = "enable"
ssl.pemfile = "%[1]s/cert.pem"
ssl.privkey = "%[1]s/key.pem"
proxy.server = ("" => (("host" => "%[5]s", "port" => "%[6]s")))
`, s.dir, s.port, limit>>10, s.either("", `"server.h2proto" => "disable",`), host(s.origin), port(s.origin))
		},
	},
	{
		name: "h2o", file: "h2o.conf", streams: true, reload: syscall.SIGHUP, refusal: "REFUSED_STREAM",
		command: []string{"usr/bin/h2o", "-m", "master", "-c", "{dir}/h2o.conf"},
		env:     []string{"H2O_ROOT={root}/usr"},
		config: func(s setting) string {
			return fmt.Sprintf(`
user: root
pid-file: %[1]s/pid
error-log: %[1]s/log
limit-request-body: %[2]d
%[3]s
listen:
  host: 127.0.0.1
  port: %[4]d
  ssl:
    certificate-file: %[1]s/cert.pem
    key-file: %[1]s/key.pem
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: http://%[5]s/
`, s.dir, limit, s.ifFew("http2-max-concurrent-requests-per-connection: 8"), s.port, s.origin)
		},
	},
}
