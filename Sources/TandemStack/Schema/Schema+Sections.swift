extension Schema {
    static let root = Section(
        path: "",
        explanation: "",
        keys: [
            Key(
                name: "stack", kind: .stackName, presence: .required, synonyms: ["name", "service", "project"],
                explanation: """
                    The stack's name. On a laptop the addresses of its hosts follow from it, so that stacks with \
                    different names run side by side.
                    """,
                example: "shop"),
            Key(
                name: "domain", kind: .domain, presence: .preset("localhost"),
                synonyms: ["server_name", "hostname"],
                explanation: """
                    The name that users type into a browser. The front's certificate is made for it. Unless it is \
                    localhost or ends in .localhost, browsers are told to use HTTPS alone for it, for a year.
                    """),
            Key(
                name: "hosts", kind: .hosts(host), presence: .preset(defaultHosts),
                synonyms: ["servers", "nodes", "machines"],
                explanation: """
                    The machines, each with an address and roles. Any role may sit on any number of hosts, and each but \
                    witness and monitor on at least one. An odd number of hosts runs etcd and has a vote in it: those with the role \
                    database and those with the role witness, at most 7. Where no host is a witness, the first balancer votes \
                    besides if the database hosts are an even number. The first host with the role database is the first primary. Hosts without an \
                    address get a loopback address of their own; either all hosts have addresses outside \
                    127.0.0.0/8, or none has. Hosts with such addresses are machines of their own, which `tandem up` reaches over SSH; \
                    see docs/fleet.md.
                    """,
                example: exampleHosts),
            Key(
                name: "ssh", kind: .section(ssh), presence: .optional, synonyms: ["openssh", "sshd"],
                explanation: ssh.explanation),
            Key(
                name: "front", kind: .section(front), presence: .optional,
                synonyms: ["keepalived", "vrrp", "frontend", "floating_ip"],
                explanation: front.explanation),
            Key(
                name: "firewall", kind: .section(firewall), presence: .optional,
                synonyms: ["nftables", "ufw", "iptables"],
                explanation: firewall.explanation),
            Key(
                name: "balancer", kind: .section(balancer), presence: .optional,
                synonyms: ["haproxy", "loadbalancer", "load_balancer", "lb", "proxy"],
                explanation: balancer.explanation),
            Key(
                name: "web", kind: .section(web), presence: .optional, synonyms: ["nginx"],
                explanation: web.explanation),
            Key(
                name: "app", kind: .section(app), presence: .required, synonyms: ["application"],
                explanation: app.explanation),
            Key(
                name: "database", kind: .section(database), presence: .optional, synonyms: ["mysql", "db"],
                explanation: database.explanation),
            Key(
                name: "engines", kind: .section(engines), presence: .optional, synonyms: ["binaries", "programs"],
                explanation: engines.explanation),
            Key(
                name: "monitoring", kind: .section(monitoring), presence: .optional,
                synonyms: ["prometheus", "monitor", "observability", "metrics"],
                explanation: monitoring.explanation),
            Key(
                name: "drill", kind: .section(drill), presence: .optional, synonyms: ["drills", "chaos", "rehearsal"],
                explanation: drill.explanation),
        ])

    /// What `hosts` is when it is left out.
    static let defaultHosts = """
        lb1: {roles: [balancer]}
        lb2: {roles: [balancer]}
        server1: {roles: [web, app, database]}
        server2: {roles: [web, app, database]}
        """

    private static let exampleHosts = """
        lb1: {address: 10.0.0.11, roles: [balancer]}
        lb2: {address: 10.0.0.12, roles: [balancer]}
        server1: {address: 10.0.0.21, roles: [web, app, database]}
        server2: {address: 10.0.0.22, roles: [web, app, database]}
        """

    static let host = Section(
        path: "hosts.NAME",
        explanation: "One host.",
        keys: [
            Key(
                name: "address", kind: .address,
                presence: .derived("a loopback address that follows from the stack's name"),
                synonyms: ["ip", "host", "addr"],
                explanation: "Where the other hosts reach it.",
                example: "10.0.0.21"),
            Key(
                name: "ssh", kind: .sshDestination, presence: .derived("the address, and what the section ssh says"),
                synonyms: ["ssh_host", "ansible_host", "reach"],
                explanation: "What OpenSSH is given to reach it, where that is not the address.",
                example: "deploy@203.0.113.21:2222"),
            Key(
                name: "roles", kind: .roles, presence: .required, synonyms: ["role"],
                explanation: "What runs on it.",
                example: "[web, app, database]"),
        ])

    static let balancer = Section(
        path: "balancer",
        explanation: "HAProxy in front: it ends TLS and spreads requests over the web servers.",
        keys: [
            Key(
                name: "algorithm", kind: .choice(Balancer.Algorithm.allCases.map(\.rawValue)),
                presence: .preset("roundrobin"), synonyms: ["balance", "strategy"],
                explanation: """
                    How requests are spread: in turn (roundrobin), to the server with the fewest connections \
                    (leastconn), or by the client's address (source).
                    """),
            Key(
                name: "http_port", kind: .port, presence: .presetByPlace(loopback: "8080", network: "80"),
                synonyms: ["http"],
                explanation: """
                    The port that redirects to HTTPS. On a laptop a default port that is taken is replaced by a free \
                    one; a port in this file never is.
                    """),
            Key(
                name: "https_port", kind: .port, presence: .presetByPlace(loopback: "8443", network: "443"),
                synonyms: ["https", "ssl_port", "tls_port"],
                explanation: "The port that users' browsers connect to."),
            Key(
                name: "max_connections", kind: .count(10...1_000_000), presence: .preset("4000"),
                synonyms: ["maxconn", "connections", "worker_connections"],
                explanation: "Client connections that one balancer holds at most; more wait in the kernel's queue."),
        ])

    static let web = Section(
        path: "web",
        explanation: "nginx on each web host: static files, compression, buffering.",
        keys: [
            Key(
                name: "static", kind: .folders, presence: .optional, synonyms: ["root", "public", "static_folder"],
                explanation: """
                    A folder of files that nginx serves itself; or a map of several, each with the beginning of the path \
                    under which its files are served. Relative to this file. What is not there goes to the app, and so \
                    do hidden files and the sources of programs (.php, .py, .rb, .pl, .cgi, .inc and the like). A folder \
                    may be a link; links in it are not followed.
                    """,
                example: "{/: public, /media: uploads}"),
            Key(
                name: "body_limit", kind: .size((1 << 10)...(10 << 30)), presence: .preset("32mb"),
                synonyms: ["client_max_body_size", "max_body_size", "max_request_body"],
                explanation: "The largest request body; a larger one is answered by 413."),
        ])

    static let engines = Section(
        path: "engines",
        explanation: """
            This machine's own programs instead of those of the engine store. Absolute, or relative to this file.
            """,
        keys: [
            engine("haproxy", "HAProxy, 3.0 or later."),
            engine("nginx", "nginx."),
            engine("mysqld", "The MySQL server, 8.0.30 or later."),
            engine("mysql", "MySQL's command line client."),
            engine("etcd", "etcd, 3.5.28 or later."),
            engine(
                "keepalived",
                "keepalived, 2.2.7 or later, which only a `front` with an address needs: never the store's."),
        ])

    private static func engine(_ name: String, _ explanation: String) -> Key {
        Key(
            name: name, kind: .path, presence: .derived("from the engine store"), explanation: explanation,
            example: ["mysqld", "haproxy", "keepalived"].contains(name) ? "/usr/sbin/\(name)" : "/usr/bin/\(name)")
    }
}
