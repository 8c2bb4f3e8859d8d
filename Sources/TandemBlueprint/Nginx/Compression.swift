import TandemStack

/// What nginx compresses.
///
/// An answer with `Cache-Control: no-transform` has to stay as it is (RFC 9110, section 7.7), and nginx does not know
/// that word. But of an answer to a proxy (one that names itself in `Via`) it looks at Cache-Control: one that it finds
/// there keeps it from compressing, unless `gzip_proxied` names one of its words. So it is shown that of answers which
/// say `no-transform`, and the others travel to the balancer under another name. A balancer that does not name itself
/// gets all answers unchanged, and compressed.
extension NginxFile {
    /// Under which name, and how the balancer calls itself.
    static let carriedCacheControl = "X-Tandem-Cache-Control"
    static let viaName = "tandem"

    /// What stands outside of the server.
    static let compressionMaps = """
        # Whether the balancer puts back the Cache-Control that nginx is not to see (see the web server)
        map $http_via $tandem_via {
            default "";
            "~(^| )[0-9.]+ \(viaName)$" via;
        }
        map "$tandem_via $upstream_http_cache_control" $tandem_seen_cache_control {
            default $upstream_http_cache_control;
            "~*^via (?!.*no-transform)" "";
        }
        map "$tandem_via $upstream_http_cache_control" $tandem_carried_cache_control {
            default "";
            "~*^via (?!.*no-transform)" $upstream_http_cache_control;
        }
        """

    /// What stands in the server: for answers of the app.
    static let compression = """
        gzip on;
        gzip_comp_level 4;
        gzip_min_length 1024;
        gzip_vary on;
        gzip_types text/plain text/css text/xml text/javascript application/javascript application/json
                   application/ld+json application/manifest+json application/problem+json application/xml
                   application/rss+xml application/atom+xml application/wasm image/svg+xml font/ttf font/otf;
        # Not where the app says no-transform: nginx leaves an answer as it is when it sees a Cache-Control or Expires, so it
        # sees no other.
        gzip_proxied expired;
        proxy_hide_header Trailer;
        proxy_hide_header Cache-Control;
        proxy_hide_header Expires;
        proxy_hide_header \(carriedCacheControl);
        \(InterimAnswers.header)
        add_header Cache-Control $tandem_seen_cache_control always;
        add_header \(carriedCacheControl) $tandem_carried_cache_control always;
        add_header Expires $upstream_http_expires always;
        """
}
