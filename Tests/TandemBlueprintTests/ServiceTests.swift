import Foundation
import TandemStack
import Testing

import struct TandemStack.Host

@testable import TandemBlueprint

@Suite struct ServiceTests {
    @Test func `services come in the order in which they start`() throws {
        let sample = Sample.smallest
        let blueprint = try sample.blueprint(sample.stack.hosts[0])
        #expect(blueprint.services.map(\.name) == [.etcd, .mysql, .router, .app, .app, .nginx, .haproxy])
        #expect(blueprint.services.filter { $0.name == .app }.map(\.instance) == [1, 2])
    }

    @Test(arguments: Sample.all)
    func `no two services of a host listen in the same place`(sample: Sample) throws {
        for host in sample.stack.hosts {
            let places = try sample.blueprint(host).services.flatMap(\.listeners).map { "\($0.address):\($0.port)" }
            #expect(Set(places).count == places.count, "\(host.name): \(places)")
        }
    }

    @Test(arguments: Sample.all)
    func `no service that holds data is stopped with SIGTERM`(sample: Sample) throws {
        for host in sample.stack.hosts {
            for service in try sample.blueprint(host).services where service.name == .mysql {
                #expect(service.stop.signal == 9)
            }
        }
    }

    @Test func `the app is told where its database is, without the password`() throws {
        let sample = Sample.split
        let host = try #require(sample.stack.hosts(.app).first)
        let app = try #require(sample.blueprint(host).services.first { $0.name == .app && $0.instance == 3 })
        #expect(app.environment["PORT"] == "3002")
        #expect(app.environment["HOST"] == "127.0.0.1")
        #expect(app.environment["API_KEY"] == EnvironmentValue([.secret("app.API_KEY")]))
        let user = sample.stack.database.appReadUser
        #expect(
            app.environment["DATABASE_READ_URL"]
                == EnvironmentValue([
                    .text("mysql://\(user):"), .secret("database.app_read"),
                    .text(
                        "@127.0.0.1:6447/shop_of_the_four_seas_and_all_islands"
                            + "?ssl-ca=/var/lib/tandem/shop/public/ca.pem"),
                ]))
    }

    @Test func `the app is told its database in parts too`() throws {
        let sample = Sample.split
        let host = try #require(sample.stack.hosts(.app).first)
        let app = try #require(sample.blueprint(host).services.first { $0.name == .app })
        let database = sample.stack.database
        let expected: [String: EnvironmentValue] = [
            "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "6446",
            "DATABASE_NAME": EnvironmentValue(database.name), "DATABASE_USER": EnvironmentValue(database.appUser),
            "DATABASE_PASSWORD": EnvironmentValue([.secret("database.app")]),
            "DATABASE_READ_HOST": "127.0.0.1", "DATABASE_READ_PORT": "6447",
            "DATABASE_READ_NAME": EnvironmentValue(database.name),
            "DATABASE_READ_USER": EnvironmentValue(database.appReadUser),
            "DATABASE_READ_PASSWORD": EnvironmentValue([.secret("database.app_read")]),
            "DATABASE_CA": "/var/lib/tandem/shop/public/ca.pem",
        ]
        for (name, value) in expected { #expect(app.environment[name] == value, "\(name)") }
    }

    @Test(arguments: [
        (Database.URLForm.mysql, "mysql", "ssl-ca=/home/ann/a%20b/public/ca.pem"),
        (.sqlAlchemyPyMySQL, "mysql+pymysql", "ssl_ca=/home/ann/a%20b/public/ca.pem"),
        (.sqlAlchemyConnector, "mysql+mysqlconnector", "ssl_ca=/home/ann/a%20b/public/ca.pem&ssl_verify_cert=true"),
        (.pymysql, "mysql", "ssl_ca=/home/ann/a%20b/public/ca.pem&ssl_verify_cert=true"),
        (.mysql2, "mysql2", "sslca=/home/ann/a%20b/public/ca.pem"),
    ])
    func `the URL has the form that the stack file asks for`(form: Database.URLForm, scheme: String, parameters: String)
        throws
    {
        var stack = Sample.smallest.stack
        stack.database.url = form
        let host = stack.hosts[0]
        let layout = Layout(
            hostFolder: "/home/ann/a b", socketFolder: "/tmp/x", programs: Sample.programs, front: nil)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        let app = try #require(blueprint.services.first { $0.name == .app })
        let parts = try #require(app.environment["DATABASE_URL"]?.parts)
        #expect(parts.first == .text("\(scheme)://tiny:"))
        #expect(parts.last == .text("@127.9.0.1:6446/tiny?\(parameters)"))
    }

    @Test func `the user's variables do not replace Tandem's`() throws {
        var stack = Sample.smallest.stack
        stack.app.environment = ["PORT": "1", "MINE": "yes"]
        let host = stack.hosts[0]
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: Sample.smallest.layout(host))
        let app = try #require(blueprint.services.first { $0.name == .app })
        #expect(app.environment["PORT"] == "3000")
        #expect(app.environment["MINE"] == "yes")
    }

    @Test(arguments: [
        "db", "abcdefghijklmnopqrstuvwxyz_1", "a_name_of_sixty_four_characters_which_is_the_longest_that_mysql_has",
    ])
    func `MySQL users are two, and no longer than MySQL allows`(name: String) {
        let database = Database(name: name, settings: [:])
        #expect(database.appUser != database.appReadUser)
        #expect(database.appUser.count <= 32)
        #expect(database.appReadUser.count <= 32)
        #expect(database.appReadUser.hasSuffix("_read"))
        let other = Database(name: name + "x", settings: [:])
        #expect(database.appUser != other.appUser)
        #expect(database.appReadUser != other.appReadUser)
    }

    @Test func `a server's id is its address as a number`() {
        #expect(MySQLFile.serverID(address: "10.0.0.41") == 0x0a00_0029)
        #expect(MySQLFile.serverID(address: "255.255.255.255") == UInt32.max)
    }

    @Test(arguments: [
        ("./shop serve --port 80", "exec ./shop serve --port 80"),
        ("python3 app.py", "exec python3 app.py"),
        ("A=1 ./shop", "A=1 ./shop"),
        ("cd x", "cd x"),
        ("cd x && ./shop", "cd x && ./shop"),
        ("./shop \"$PORT\"", "./shop \"$PORT\""),
    ])
    func `a single command takes the shell's place`(run: String, script: String) {
        #expect(AppCommand(run: run).words == ["/bin/sh", "-c", script])
    }

    @Test func `the app is stopped with the signal that the stack file names`() throws {
        var stack = Sample.smallest.stack
        for (signal, number) in [
            (App.StopSignal.term, SIGTERM), (.quit, SIGQUIT), (.winch, SIGWINCH), (.usr1, SIGUSR1),
        ] {
            stack.app.stopSignal = signal
            let host = stack.hosts[0]
            let blueprint = try HostBlueprint(stack: stack, host: host, layout: Sample.smallest.layout(host))
            let app = try #require(blueprint.services.first { $0.name == .app })
            #expect(app.stop.signal == number)
        }
    }
}

@Suite struct CertificateNamesTests {
    @Test func `certificates hold every name and address that is dialled`() {
        let stack = Sample.conduit.stack
        #expect(
            stack.webCertificateNames(of: stack.hosts[2])
                == CertificateNames(
                    names: [
                        "server1.web.conduit.tandem.internal", "app.conduit.tandem.internal",
                        "web.conduit.tandem.internal",
                    ],
                    addresses: []))
        let database = CertificateNames(
            names: ["server1.database.conduit.tandem.internal"],
            // The second: the router on server2, through which its app dials this host's database.
            addresses: ["127.31.7.21", "127.31.7.22"])
        #expect(stack.databaseCertificateNames(of: stack.hosts[2]) == database)
        #expect(
            stack.agentCertificateNames(of: stack.hosts[2])
                == CertificateNames(names: ["server1.agent.conduit.tandem.internal"], addresses: ["127.31.7.21"]))
        let real = Sample.split.stack
        #expect(real.databaseCertificateNames(of: real.hosts[4]).addresses == ["10.0.0.31", "127.0.0.1"])
        #expect(
            real.frontCertificateNames
                == CertificateNames(
                    names: ["shop.example", "localhost"],
                    addresses: ["10.0.0.11", "10.0.0.12", "10.0.0.100", "10.0.0.101", "127.0.0.1"]))
    }
}

@Suite struct RouterWordsTests {
    @Test func `a question is read as the router asks it`() {
        #expect(RouterQuestion(line: "write db1\n") == RouterQuestion(purpose: .write, host: "db1"))
        #expect(RouterQuestion(line: "read db1") == RouterQuestion(purpose: .read, host: "db1"))
        for line in ["", "\n", "write", "write ", "write a b", "Write a", "drop db1"] {
            #expect(RouterQuestion(line: line) == nil)
        }
        for purpose in RouterQuestion.Purpose.allCases {
            let question = RouterQuestion(purpose: purpose, host: "db-1")
            #expect(RouterQuestion(line: question.line) == question)
        }
    }
}
