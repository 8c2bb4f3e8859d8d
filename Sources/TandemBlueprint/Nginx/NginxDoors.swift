import TandemStack

/// The ways between this host's nginx and those of the other app hosts.
extension NginxFile {
    /// What a door answers when its app did not: a code that apps have no use for, so that theirs pass as they are.
    private static let noAnswer = 597
    /// Stands for `@leaving` within a door; no answer has it.
    private static let isLeaving = 596
    /// Within a way to other hosts, when none of them took the request. No answer has it.
    private static let isTakenByNobody = 595
    /// Doors that one request is led to at most, when those before had nobody who answers: nginx allows ten changes of
    /// the location, others among them, and answers 500 to the next.
    private static let doorLimit = 7

    /// Locations that pass requests to the apps of other hosts.
    ///
    /// A door whose app does not answer says so, and whether the app has got the request. nginx itself would not repeat
    /// a POST then, because it was sent to the door; on the door's word it goes round again while luck leads it to dead
    /// doors, but not for ever. A GET that was lost in an app may go to one of another host, and not on: it may be what
    /// kills them.
    ///
    /// - Parameters:
    ///   - losses: how many apps may have lost the request before it is given up.
    ///   - last: the group that gets what none of the others took.
    func remote(_ location: String, _ upstream: String, of hosts: [Host], losses: Int, last: String? = nil) -> String {
        func pass(_ group: String) -> String {
            """
            proxy_pass https://\(group);
            proxy_intercept_errors on;
            recursive_error_pages on;
            error_page \(Self.noAnswer) = @another_app;
            """ + (last == nil ? "" : "\nerror_page \(Self.isTakenByNobody) = @last;")
        }
        // One door alone has no other answer a moment later.
        let isRefused = "(yes.*){\(hosts.count > 1 ? Self.doorLimit : 1)}"
        let noMore = "return 502 \"The application did not answer.\\n\";"
        let lastOne = last.map { group in
            """

            location @last {
                proxy_pass http://\(group);
            }
            """
        }
        return """
            set $tandem_doors "";
            location \(location) {
            \(pass(upstream).indented)
            }
            location @another_app {
                default_type text/plain;
                set $tandem_doors "$tandem_doors $upstream_http_x_tandem_unsent";
                if ($tandem_doors ~ " $|(no.*){\(losses)}") {
                    \(noMore)
                }
                if ($tandem_doors ~ "\(isRefused)") {
                    \(last == nil ? noMore : "return \(Self.isTakenByNobody);")
                }
            \(pass(hosts.count > 1 ? Self.otherDoors : upstream).indented)
            }\(lastOne ?? "")
            """
    }

    /// This host's own app for the other web servers.
    func appDoor() throws(BlueprintError) -> String {
        let choice = try choice("own_app", elsewhere: nil)
        return """
            # Whether the app has not got the request, so that it may go elsewhere, whatever it is; empty where it has, and the
            # request may not be repeated, or would be answered in the same way again.
            map "$request_method $upstream_connect_time/$upstream_bytes_received" $tandem_unsent {
                default no;
                "~/.*[1-9]" "";
                "~^[^0-9]*/" yes;
                "~^(POST|LOCK|PATCH) " "";
            }
            # This host's app, for the web servers of other hosts
            server {
                listen \(host.address):\(Ports.appDoor) ssl backlog=4096;
                server_name _;
            \((Self.only("web") + choice.lines).indented)
                location / {
            \(try closedDoor().indented.indented)        proxy_pass http://\(choice.group);
                    error_page 502 504 = @no_answer;
                    proxy_hide_header X-Tandem-Unsent;
                    # The web server that took the request has named itself.
            \(Self.unchangedHeaders.indented.indented)
                }
                location @no_answer {
                    default_type text/plain;
                    if ($tandem_unsent = "") {
                        return 502 "The application did not answer.\n";
                    }
                    add_header X-Tandem-Unsent $tandem_unsent always;
                    return \(Self.noAnswer);
                }
            \(leaving?.hasOtherApps == true ? Self.leavingDoor.indented : "")}
            """
    }

    private static let leavingDoor = """
        location @leaving {
            default_type text/plain;
            # So that no request is on its way on a connection that idles when nginx closes those.
            keepalive_timeout 0;
            add_header X-Tandem-Unsent yes always;
            return \(noAnswer);
        }

        """

    /// Sends requests on to other doors while this host's app, or nginx itself, is about to be restarted.
    private func closedDoor() throws(BlueprintError) -> String {
        guard let leaving, leaving.hasOtherApps else { return "" }
        return """
            \(try isLeaving(Leaving.app)) {
                return 502;
            }
            \(try isLeaving(Leaving.nginx)) {
                return \(Self.isLeaving);
            }
            error_page \(Self.isLeaving) = @leaving;

            """
    }

    /// From this host's web server to the other hosts' apps. What none of them takes, because they are about to be
    /// restarted, goes back to this host's: it may have lost a GET to a connection that it just closed, and live. The
    /// hop speaks plain HTTP, because the members of an upstream group share one protocol and this host's own app
    /// speaks that.
    func peerHop() throws(BlueprintError) -> String {
        """
        # To the apps of other hosts; called by this nginx alone
        server {
            listen \(try peerSocket());
            server_name _;
            access_log off;
            # Workers that go with a reload close connections that idle: a request of their fellows would be lost on one.
            keepalive_timeout 0;
        \(remote("/", "peers", of: site.standInHosts, losses: 1, last: "own_app_fresh").indented)
        }
        """
    }

    private static let unchangedHeaders = """
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $tandem_upgrade;
        proxy_set_header Connection $tandem_connection;
        proxy_set_header X-Tandem-Web $http_x_tandem_web;
        """
}
