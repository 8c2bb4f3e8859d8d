import TandemStack

/// nginx.conf: the web server of a host with the role web or app.
struct NginxFile {
    let site: Site

    /// Connections of the one worker, to clients and upstreams together: two for each request and each WebSocket, and
    /// room for others.
    static let connections = 2 * 2 * BalancerFile.webServerSlots + 2048
    /// What it may have open beside them. Not more in all than many systems grant: 16,384.
    private static let files = 2048

    func text() throws(BlueprintError) -> String {
        configuration([site.banner("nginx.conf"), try main(), "http {\n\(try http().indented)\n}"])
    }

    var stack: Stack { site.stack }
    var host: Host { site.host }
    var files: StaticFiles { StaticFiles(stack.web) }
    /// Whether a request may go to another host's app when this host's own fails.
    var hasPeerHop: Bool { host.has(.web) && host.has(.app) && !site.standInHosts.isEmpty }

    private func main() throws(BlueprintError) -> String {
        """
        daemon off;
        worker_processes \(site.sharesMachine ? "1" : "auto");
        worker_rlimit_nofile \(Self.connections + Self.files);
        # A worker that a reload replaced finishes what it carries, but not for ever.
        worker_shutdown_timeout \(Reload.bound);
        pid \(try NginxSyntax.literal(temporaryFolder + "/nginx.pid"));
        error_log stderr warn;
        pcre_jit on;

        events {
            worker_connections \(Self.connections);
        }
        """
    }

    private func http() throws(BlueprintError) -> String {
        var parts = [try general(), try temporaryFolders(), try log(), try tls(), try privatePaths(), proxying]
        if host.has(.web), !files.folders.isEmpty { parts += [try exposedFolders(), try files.maps()] }
        if host.has(.app) { parts.append(Self.freshConnections) }
        parts.append(contentsOf: try upstreams())
        if host.has(.web) { parts += [Self.compressionMaps, try webServer()] }
        if host.has(.app) { parts.append(try appDoor()) }
        if hasPeerHop { parts.append(try peerHop()) }
        return parts.joined(separator: "\n\n")
    }

    private func general() throws(BlueprintError) -> String {
        """
        include \(try NginxSyntax.included(site.layout.programs.mimeTypes));
        # Younger than the list: browsers run modules of no other type.
        types {
            text/javascript mjs;
            application/manifest+json webmanifest;
            application/json map;
            application/ld+json jsonld;
            application/geo+json geojson;
            text/markdown md;
            text/csv csv;
            text/vtt vtt;
            font/ttf ttf;
            font/otf otf;
            image/jxl jxl;
            audio/opus opus;
            audio/flac flac;
            model/gltf-binary glb;
        }
        default_type application/octet-stream;
        server_tokens off;
        sendfile on;
        tcp_nopush on;
        # nginx cannot escape a dollar sign in a path.
        geo $\(NginxSyntax.dollarVariable) {
            default "$";
        }

        # The balancers, not nginx, decide when a connection has idled for too long.
        keepalive_timeout 1h;
        keepalive_requests 1000000;
        client_header_timeout 10s;
        client_body_timeout 30s;
        send_timeout 30s;
        reset_timedout_connection on;
        # What the balancer lets through, in one field or in many.
        client_header_buffer_size 4k;
        large_client_header_buffers 4 \(HeaderLimits.webBufferKilobytes)k;
        # [web] body_limit
        client_max_body_size \(max(1, stack.web.bodyLimitBytes));
        client_body_buffer_size 64k;
        """
    }

    private func temporaryFolders() throws(BlueprintError) -> String {
        try ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { use throws(BlueprintError) in
            "\(use)_temp_path \(try NginxSyntax.literal("\(temporaryFolder)/\(use)"));"
        }
        .joined(separator: "\n")
    }

    private var temporaryFolder: String { "\(site.layout.temporaryFolder)/nginx" }

    /// The path is relative to the prefix (`-p`), because one with variables, such as that for a dollar sign, cannot
    /// be buffered.
    private func log() throws(BlueprintError) -> String {
        let isUnderPrefix = site.layout.logFolder == site.layout.hostFolder + "/log"
        let file =
            isUnderPrefix ? "log/nginx-access.log" : try NginxSyntax.expanded(site.layout.nginxAccessLogFile)
        return """
            # With milliseconds, so that what several servers say of one request can be put in order.
            map "$msec $time_iso8601" $tandem_time {
                default $time_iso8601;
                "~([.][0-9]+) (.{19})(.*)$" $2$1$3;
            }
            log_format tandem '$tandem_time $http_x_forwarded_for "$request" $status $body_bytes_sent $request_time '
                              'id=$http_x_request_id port=$server_port balancer=$http_x_tandem_balancer '
                              'upstream="$upstream_addr" upstream_status="$upstream_status" upstream_time="$upstream_response_time"';
            access_log \(file) tandem buffer=64k flush=1s;
            """
    }

    private func tls() throws(BlueprintError) -> String {
        """
        ssl_certificate \(try NginxSyntax.expanded(site.layout.webCertificateFile));
        ssl_certificate_key \(try NginxSyntax.expanded(site.layout.webKeyFile));
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:tls:1m;
        ssl_session_timeout 1h;
        # Only the stack's own hosts may call: what a balancer says of a client, such as its address, is believed. Each
        # server looks at the kind of the certificate besides.
        ssl_client_certificate \(try NginxSyntax.literal(site.layout.caFile));
        ssl_verify_client on;
        ssl_verify_depth 2;
        # Calls to other hosts' apps.
        proxy_ssl_certificate \(try NginxSyntax.expanded(site.layout.webCertificateFile));
        proxy_ssl_certificate_key \(try NginxSyntax.expanded(site.layout.webKeyFile));
        proxy_ssl_verify on;
        proxy_ssl_verify_depth 2;
        proxy_ssl_trusted_certificate \(try NginxSyntax.literal(site.layout.caFile));
        proxy_ssl_name \(stack.sharedAppName);
        proxy_ssl_server_name on;
        proxy_ssl_protocols TLSv1.2 TLSv1.3;
        """
    }

    /// Headers are listed once: a `proxy_set_header` further in would drop all of these.
    private var proxying: String {
        """
        # Upstream connections are kept, unless the client asks for WebSocket, the only other protocol that is passed on.
        map $http_upgrade $tandem_upgrade {
            default "";
            "~*^websocket$" websocket;
        }
        map $tandem_upgrade $tandem_connection {
            default upgrade;
            "" "";
        }
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $tandem_upgrade;
        proxy_set_header Connection $tandem_connection;
        proxy_set_header X-Tandem-Web \(host.has(.web) ? host.name : "$http_x_tandem_web");
        \(InterimAnswers.map)
        \(InterimAnswers.header)
        # Trailers are not passed on.
        proxy_hide_header Trailer;
        # The balancer tells streams by it.
        proxy_pass_header X-Accel-Buffering;
        proxy_connect_timeout 1s;
        # The balancer bounds requests: it closes the connection. These are for WebSockets and streams, which may be silent.
        proxy_read_timeout \(Reload.bound);
        proxy_send_timeout \(Reload.bound);
        # Answers are passed on as they come. A slow client holds up the app only once the kernel's own buffers along the way
        # are full (measured: 14 MB of one answer, to a client that reads nothing). An app can have more taken off its hands by
        # X-Accel-Buffering: yes.
        proxy_buffering off;
        proxy_buffer_size \(HeaderLimits.webBufferKilobytes)k;
        proxy_buffers 16 16k;
        proxy_busy_buffers_size 128k;
        proxy_max_temp_file_size 256m;
        # Only what was not sent yet, or may be sent twice (GET, HEAD and the like), goes on to the next server, and only
        # while a client may reasonably wait for it.
        proxy_next_upstream error timeout;
        proxy_next_upstream_timeout 5s;
        """
    }
}
