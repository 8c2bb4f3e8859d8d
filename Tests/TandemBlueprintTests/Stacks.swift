import TandemStack
import Testing

@testable import TandemBlueprint

/// The stacks whose every generated file is kept under `Golden/`.
struct Sample: Sendable, CustomTestStringConvertible {
    var name: String
    var stack: Stack
    var layout: @Sendable (Host) -> Layout

    var testDescription: String { name }

    func blueprint(_ host: Host) throws -> HostBlueprint {
        try HostBlueprint(stack: stack, host: host, layout: layout(host))
    }

    static let all = [conduit, split, smallest, watched]

    /// What a laptop gets from the smallest stack file: four hosts on loopback addresses.
    static let conduit = Sample(
        name: "conduit",
        stack: Stack(
            name: "conduit", domain: "localhost",
            hosts: [
                Host(name: "lb1", address: "127.31.7.11", roles: [.balancer]),
                Host(name: "lb2", address: "127.31.7.12", roles: [.balancer]),
                Host(name: "server1", address: "127.31.7.21", roles: [.web, .app, .database]),
                Host(name: "server2", address: "127.31.7.22", roles: [.web, .app, .database]),
            ],
            balancer: Balancer(
                algorithm: .roundrobin, httpPort: Port(8080, isFixed: false), httpsPort: Port(8443, isFixed: false),
                maxConnections: 4000),
            web: Web(staticFolder: nil, bodyLimitBytes: 10_485_760),
            app: app(run: "./conduit serve", instances: 1),
            database: Database(name: "conduit", settings: [:]),
            engines: Engines()),
        layout: { host in
            Layout(
                hostFolder: "/home/ann/conduit/.tandem/hosts/\(host.name)",
                socketFolder: "/run/user/1000/tandem-5f1c/\(host.name)", programs: programs,
                front: host.has(.balancer) ? Layout.Front() : nil)
        })

    /// Every role on hosts of its own, real addresses and ports, and all that a stack file may say.
    static let split = Sample(
        name: "split",
        stack: Stack(
            name: "shop", domain: "shop.example",
            hosts: [
                Host(name: "lb1", address: "10.0.0.11", roles: [.balancer]),
                Host(name: "lb2", address: "10.0.0.12", roles: [.balancer]),
                Host(name: "web1", address: "10.0.0.21", roles: [.web]),
                Host(name: "web2", address: "10.0.0.22", roles: [.web]),
                Host(name: "app1", address: "10.0.0.31", roles: [.app]),
                Host(name: "app2", address: "10.0.0.32", roles: [.app]),
                Host(name: "db1", address: "10.0.0.41", roles: [.database]),
                Host(name: "db2", address: "10.0.0.42", roles: [.database]),
                Host(name: "db3", address: "10.0.0.43", roles: [.database]),
            ],
            balancer: Balancer(
                algorithm: .leastconn, httpPort: Port(80, isFixed: true), httpsPort: Port(443, isFixed: true),
                maxConnections: 20_000),
            web: Web(
                staticFolder: "/srv/shop/static files/$new", staticPrefixes: ["/media/v1.0+x/": "/srv/shop/uploads"],
                bodyLimitBytes: 1_073_741_824),
            app: app(
                run: "cd server && PYTHONPATH=. python3 -m shop", instances: 3,
                environment: ["MODE": "production", "GREETING": "it's 100% \"fine\""],
                secrets: ["API_KEY": .environment("SHOP_API_KEY"), "TOKEN": .file("/etc/shop/token")]),
            database: Database(
                name: "shop_of_the_four_seas_and_all_islands",
                settings: ["innodb_buffer_pool_size": "8G", "init_connect": "SET @a = 'x # y'"]),
            engines: Engines(),
            front: Front(addresses: [
                MovingAddress(address: "10.0.0.100"), MovingAddress(address: "10.0.0.101", prefixLength: 24),
            ])),
        layout: { host in
            Layout(
                hostFolder: "/var/lib/tandem/shop", socketFolder: "/run/tandem/shop", programs: programs, front: nil,
                keepsFrontSockets: true)
        })

    /// Watched by two hosts of which one is no balancer, with every way to tell people.
    static let watched = Sample(
        name: "watched",
        stack: Stack(
            name: "shop", domain: "shop.example",
            hosts: [
                Host(name: "lb1", address: "10.0.0.11", roles: [.balancer, .monitor]),
                Host(name: "lb2", address: "10.0.0.12", roles: [.balancer]),
                Host(name: "watch", address: "10.0.0.13", roles: [.monitor]),
                Host(name: "server1", address: "10.0.0.21", roles: [.web, .app, .database]),
                Host(name: "server2", address: "10.0.0.22", roles: [.web, .app, .database]),
            ],
            balancer: Balancer(
                algorithm: .roundrobin, httpPort: Port(80, isFixed: true), httpsPort: Port(443, isFixed: true),
                maxConnections: 4000),
            web: Web(staticFolder: nil, bodyLimitBytes: 10_485_760),
            app: app(
                run: "./shop", instances: 1,
                jobs: [digest].compactMap(\.self)),
            database: Database(name: "shop", settings: [:]),
            engines: Engines(),
            monitoring: Monitoring(
                intervalSeconds: 15, retentionSeconds: 48 * 3600, retentionBytes: 256 << 20,
                alerts: AlertReceivers(
                    webhook: .plain("https://hooks.example/a?b='c'&d=$e"), slack: .secret(.environment("SLACK_URL")),
                    mail: .init(
                        to: "ops@shop.example, ann@shop.example", sender: "tandem@shop.example",
                        server: "mail.shop.example:587", user: "tandem", password: .file("/etc/shop/mail")),
                    command: "./on-call --loud", deadMan: .secret(.command("pass show beat"))))),
        layout: { host in
            Layout(
                hostFolder: "/var/lib/tandem/shop", socketFolder: "/run/tandem/shop", programs: programs, front: nil,
                keepsFrontSockets: true)
        })

    /// One host that does everything, so that nothing has a peer.
    static let smallest = Sample(
        name: "smallest",
        stack: Stack(
            name: "tiny", domain: "localhost",
            hosts: [Host(name: "one", address: "127.9.0.1", roles: Role.required)],
            balancer: Balancer(
                algorithm: .source, httpPort: Port(8080, isFixed: false), httpsPort: Port(8443, isFixed: false),
                maxConnections: 100),
            web: Web(staticFolder: "/home/ann/tiny/public", bodyLimitBytes: 1_048_576),
            app: app(run: "./tiny", instances: 2),
            database: Database(name: "tiny", settings: [:]),
            engines: Engines()),
        layout: { host in
            Layout(
                hostFolder: "/home/ann/tiny/.tandem/hosts/\(host.name)", socketFolder: "/tmp/tandem-1000/ab12",
                programs: programs, front: Layout.Front(httpDescriptor: 20, httpsDescriptor: 21))
        })

    static let programs = Layout.Programs(
        haproxy: "/opt/engines/bin/haproxy", nginx: "/opt/engines/bin/nginx",
        mimeTypes: "/opt/engines/etc/nginx/mime.types", mysqld: "/opt/engines/bin/mysqld",
        mysql: "/opt/engines/bin/mysql", mysqlBase: "/opt/engines/usr",
        mysqlPlugins: "/opt/engines/usr/lib/mysql/plugin", etcd: "/opt/engines/bin/etcd",
        prometheus: "/opt/engines/bin/prometheus",
        promtool: "/opt/engines/bin/promtool", alertmanager: "/opt/engines/bin/prometheus-alertmanager")

    private static let digest = (try? CronSchedule(parsing: "0 7 * * *")).map {
        Job(name: "digest", run: "./shop digest", schedule: $0, timeoutSeconds: 600, stopTimeoutSeconds: 10)
    }

    private static func app(
        run: String, instances: Int, environment: [String: String] = [:], secrets: [String: App.SecretSource] = [:],
        jobs: [Job] = []
    ) -> App {
        var app = App(
            run: run, workingDirectory: "/home/ann/project", health: "/health", environment: environment,
            secrets: secrets, instances: instances, startTimeoutSeconds: 30, requestTimeoutSeconds: 30,
            stopTimeoutSeconds: 10)
        app.jobs = jobs
        return app
    }
}
