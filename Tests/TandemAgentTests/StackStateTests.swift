import CoreFoundation
import Foundation
import Glibc
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("The app's secrets")
struct SecretSourcesTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(
        _ sources: [String: App.SecretSource], _ environment: [String: String] = [:]
    ) async throws -> [String: String] {
        try await SecretSources.read(sources, environment: environment, workingDirectory: folder.path)
    }

    @Test("come from the environment as they are, and from a file without its last line break")
    func values() async throws {
        try folder.put("token", "a b\nc\n")
        let values = try await read(
            ["KEY": .environment("SHOP_KEY"), "TOKEN": .file("\(folder.path)/token")], ["SHOP_KEY": " v\n"])
        #expect(values == ["KEY": " v\n", "TOKEN": "a b\nc"])
    }

    @Test("are not waited for where a file is a pipe that nobody writes to", .timeLimit(.minutes(1)))
    func pipe() async throws {
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        let error = await #expect(throws: StackFileProblems.self) {
            try await read(["KEY": .file("\(folder.path)/pipe")])
        }
        #expect(error?.description == "secret KEY: cannot read \(folder.path)/pipe: it is no regular file")
    }

    @Test("that are missing are all named in one error, and no value is")
    func missing() async throws {
        try folder.put("binary", "secret\u{0}value")
        let error = await #expect(throws: StackFileProblems.self) {
            try await read(
                [
                    "D": .environment("HAVE"), "C": .environment("HAVE_NOT"), "B": .file("/nowhere/b"),
                    "A": .file("\(folder.path)/binary"), "E": .file(folder.path),
                ], ["HAVE": "hush"])
        }
        #expect(
            error?.description == """
                secret A: \(folder.path)/binary is not text
                secret B: cannot read /nowhere/b: No such file or directory
                secret C: the environment variable HAVE_NOT is not set
                secret E: cannot read \(folder.path): it is no regular file
                """)
    }

    @Test("may have 64 KB, and one byte more is an error")
    func size() async throws {
        try folder.put("full", String(repeating: "x", count: 65536))
        try folder.put("over", String(repeating: "x", count: 65537))
        #expect(try await read(["A": .file("\(folder.path)/full")])["A"]?.count == 65536)
        let error = await #expect(throws: StackFileProblems.self) {
            try await read(["A": .file("\(folder.path)/over")])
        }
        #expect(error?.description == "secret A: \(folder.path)/over has more than 64 KB")
    }

    @Test("are not read for ever from something that has no end", .timeLimit(.minutes(1)))
    func endless() async {
        let file = await #expect(throws: StackFileProblems.self) { try await read(["A": .file("/dev/zero")]) }
        #expect(file?.description == "secret A: cannot read /dev/zero: it is no regular file")
        let command = await #expect(throws: StackFileProblems.self) { try await read(["A": .command("yes")]) }
        #expect(command?.description == "secret A: what the command `yes` prints has more than 64 KB")
    }

    @Test("come from a command as what it prints, in the stack's folder, with the environment of `tandem up`")
    func commands() async throws {
        let values = try await read(
            ["A": .command("echo \"$GREETING from $PWD\"; echo aside >&2"), "B": .command("printf 'x\\n\\n'")],
            ["GREETING": "hello", "PATH": "/usr/bin:/bin"])
        #expect(values == ["A": "hello from \(folder.path)", "B": "x\n"])
    }

    @Test("lose one line break at their end, whichever system wrote it, and nothing else")
    func lineBreaks() async throws {
        for (name, text) in [("lf", "se cret\n"), ("crlf", "se cret\r\n"), ("none", "se cret")] {
            try folder.put(name, text)
        }
        try folder.put("several", "one\r\ntwo\r\n\r\n")
        try folder.put("cr", "se cret\r")
        let values = try await read(
            [
                "A": .file("\(folder.path)/lf"), "B": .file("\(folder.path)/crlf"), "C": .file("\(folder.path)/none"),
                "D": .file("\(folder.path)/several"), "E": .file("\(folder.path)/cr"),
                "F": .command("printf 'se cret\\r\\n'"),
            ], ["PATH": "/usr/bin:/bin"])
        #expect(values["D"]?.unicodeScalars.elementsEqual("one\r\ntwo\r\n".unicodeScalars) == true)
        #expect(values["E"] == "se cret\r")
        for name in ["A", "B", "C", "F"] { #expect(values[name] == "se cret", "\(name)") }
    }

    @Test("of a command that fails are told with its own words, but without the value")
    func failingCommands() async throws {
        let error = await #expect(throws: StackFileProblems.self) {
            try await read([
                "A": .command("echo hush; echo 'no key for hush' >&2; exit 3"), "B": .command("true"),
                "C": .command("kill -9 $$"),
            ])
        }
        #expect(
            error?.description == """
                secret A: the command `echo hush; echo 'no key for hush' >&2; exit 3` exited with status 3:
                    no key for …
                secret B: the command `true` printed nothing
                secret C: the command `kill -9 $$` was ended by signal 9
                """)
    }

    @Test("are not waited for without end, and what a command left running is ended with it", .timeLimit(.minutes(3)))
    func slowCommands() async throws {
        var child: Int32?
        // On a busy machine the time may be over before all of it has begun: then it gets more.
        for seconds in [1, 5, 25] where child == nil {
            let command = SecretCommand(
                command: "sleep 1000 & echo $! > child; wait", workingDirectory: folder.path,
                environment: ["PATH": "/usr/bin:/bin"], bound: .seconds(seconds))
            let error = await #expect(throws: StateError.self) { try await command.output(limit: 10) }
            #expect(error?.description.hasSuffix("did not end within \(seconds) s") == true)
            child = Int32(folder.text("child").trimmingCharacters(in: .whitespacesAndNewlines))
        }
        let begun = try #require(child)
        // Not kill(2): what has ended counts until the machine's first process has looked after it.
        #expect(ProcessIdentity(pid: begun) == nil)
    }
}

@Suite("The stack's secrets")
struct StackSecretsTests {
    private let secrets = StackSecrets(
        database: DatabaseSecrets(root: "r", replication: "p", clone: "c", monitor: "m", app: "a", appRead: "b"),
        session: "s", app: ["KEY": "k"])

    @Test("are filled in where the blueprint names them")
    func resolve() throws {
        let value = EnvironmentValue([
            .text("mysql://shop:"), .secret("database.app"), .text("@h"), .secret("app.KEY"),
            .secret("database.app_read"), .secret("session"),
        ])
        #expect(try secrets.resolve(value) == "mysql://shop:a@hkbs")
        #expect(try secrets.resolve("plain $KEY") == "plain $KEY")
    }

    @Test(
        "that are not for apps cannot be named, nor can those that are missing",
        arguments: ["database.root", "root", "app.OTHER", "KEY", ""])
    func unknown(_ name: String) {
        #expect(throws: StateError("there is no secret named '\(name)'")) {
            try secrets.resolve(EnvironmentValue([.secret(name)]))
        }
    }

    @Test("are made anew for every stack, long, and without what a URL or SQL would change")
    func generated() {
        func all(_ secrets: DatabaseSecrets) -> [String] {
            [secrets.root, secrets.replication, secrets.clone, secrets.monitor, secrets.app, secrets.appRead]
        }
        let passwords = all(StackSecrets.generate().database) + all(StackSecrets.generate().database)
        #expect(Set(passwords).count == 12)
        for password in passwords {
            #expect(password.utf8.count == 32)
            #expect(password.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        }
    }
}

@Suite("Where a stack's state lies")
struct StackFolderTests {
    private static let deep = "/home/somebody/" + String(repeating: "a folder with blanks/", count: 8) + "project"

    @Test(
        "leaves room for unix sockets, however deep the folder and however long the host's name",
        arguments: [
            [:], ["XDG_RUNTIME_DIR": "/run/user/4294967295"], ["XDG_RUNTIME_DIR": deep], ["XDG_RUNTIME_DIR": "/tmp"],
        ])
    func sockets(_ environment: [String: String]) {
        #expect(Self.deep.count > 150)
        let folder = StackFolder(stack: "shop", stackFileFolder: Self.deep, environment: environment)
        let long = String(repeating: "n", count: 63)
        let layout = folder.layout(host: long, applied: .sample(.sample("127.200.9", hosts: [long])))
        // HAProxy refuses more than 97 characters and adds `.PID.tmp` while it starts.
        for socket in [
            layout.mysqlSocket, layout.haproxySocket, layout.routerSocket, "\(layout.socketFolder)/receiver.sock",
        ] {
            #expect(socket.utf8.count <= 97 - 12, "\(socket)")
        }
    }

    @Test("has its sockets where no logout deletes them, and always at the same place")
    func logout() throws {
        let temporary = try TemporaryFolder()
        let login = temporary.path
        let name = "tandem-\(StableHash.hex64("/project").prefix(8))"
        func root(_ path: String, _ runtime: String?) -> String {
            StackFolder.socketRoot(for: path, environment: runtime.map { ["XDG_RUNTIME_DIR": $0] } ?? [:], login: login)
        }
        let lasting = "/tmp/tandem-\(geteuid())-\(name.suffix(8))"
        #expect(root("/project", login) == lasting && root("/project", nil) == lasting)
        // Where an agent's unit says so.
        #expect(root("/project", "/run") == (geteuid() == 0 ? "/run/\(name)" : lasting))
        let operators = ["/tmp", login, nil].map { root("/var/lib/tandem/operator/shop", $0) }
        #expect(Set(operators).count == 1 && operators[0].hasPrefix("/run/tandem-"))
        #expect(root("/project", "\(login)/") == lasting, "however it is written")

        // Of a stack that an earlier version has started, for as long as it runs.
        let project = try TemporaryFolder()
        let own = "tandem-\(StableHash.hex64(project.path).prefix(8))"
        try temporary.make(own)
        #expect(root(project.path, login).hasPrefix("/tmp/"))
        let keeper = KeeperState(identity: try #require(ProcessIdentity(pid: getpid())), phase: .running, steps: [])
        try project.put("keeper.json", try JSONText.encode(keeper))
        #expect(root(project.path, login) == "\(login)/\(own)" && root(project.path, nil) == "\(login)/\(own)")

        // A name that somebody else has taken.
        let other = try TemporaryFolder()
        let taken = root(other.path, nil)
        symlink("/nowhere", taken)
        defer { unlink(taken) }
        #expect(root(other.path, nil) == "\(login)/tandem-\(StableHash.hex64(other.path).prefix(8))")
    }

    @Test("has a folder of its own for the sockets of every host and every project")
    func distinct() {
        let folders = ["/a", "/b"].map { StackFolder(path: $0, environment: [:]) }
        let names = ["server1", String(repeating: "n", count: 62) + "1", String(repeating: "n", count: 62) + "2"]
        let paths = folders.flatMap { folder in names.map { folder.sockets($0) } }
        #expect(Set(paths).count == 6)
    }

    @Test("is the same for the command line and for the agents")
    func same() {
        let first = StackFolder(stack: "shop", stackFileFolder: "/project", environment: ["XDG_RUNTIME_DIR": "/tmp"])
        #expect(StackFolder(path: first.path, environment: ["XDG_RUNTIME_DIR": "/tmp"]) == first)
        #expect(first.path == "/project/.tandem/shop")
    }

    @Test("knows whether there is data")
    func data() throws {
        let temporary = try TemporaryFolder()
        let folder = StackFolder(in: temporary)
        #expect(!folder.hasData)
        try temporary.make("state/hosts/server1/data")
        #expect(!folder.hasData)
        try temporary.make("state/hosts/server1/data/mysql")
        #expect(folder.hasData)
    }
}

@Suite("Preparing a stack")
struct StackPreparationTests {
    let folder: TemporaryFolder
    let preparation: StackPreparation

    init() throws {
        folder = try TemporaryFolder()
        preparation = StackPreparation(.sample("127.200.9"), in: folder)
        try preparation.makeFolders()
    }

    /// The sockets' folder is outside the test's own.
    private func removeSockets() { try? FileManager.default.removeItem(atPath: preparation.folder.socketRoot) }

    @Test("makes folders that nobody else may look into")
    func folders() throws {
        defer { removeSockets() }
        let state = preparation.folder
        for path in [
            state.path, state.hostsFolder, state.host("lb1"), state.records("server1"), state.logs("server2"),
            state.socketRoot, state.sockets("server1"),
        ] {
            #expect(permissions(path) == 0o700, "\(path)")
        }
    }

    @Test("keeps the passwords it made, and takes the app's secrets from their sources each time")
    func secrets() async throws {
        defer { removeSockets() }
        var preparation = preparation
        preparation.stack.app.secrets = ["KEY": .environment("KEY")]
        try await preparation.writeSecrets(environment: ["KEY": "one"])
        let first = try JSONText.decode(StackSecrets.self, fromFile: preparation.folder.secretsFile)
        try await preparation.writeSecrets(environment: ["KEY": "two"])
        let second = try JSONText.decode(StackSecrets.self, fromFile: preparation.folder.secretsFile)
        #expect(first.database == second.database)
        #expect([first.app, second.app] == [["KEY": "one"], ["KEY": "two"]])
        #expect(permissions(preparation.folder.secretsFile) == 0o600)
    }

    @Test("refuses to make new passwords for data that has old ones")
    func lostSecrets() async throws {
        defer { removeSockets() }
        try folder.make("state/hosts/server1/data/mysql")
        let error = await #expect(throws: StateError.self) {
            try await preparation.writeSecrets(environment: [:])
        }
        #expect(error?.description.contains("\(preparation.folder.secretsFile) is missing") == true)
        #expect(error?.description.contains("tandem destroy") == true)
        #expect(status(preparation.folder.secretsFile) == nil)
    }

    @Test("refuses another stack file that uses the same name, while that file is there")
    func origin() throws {
        defer { removeSockets() }
        let other = "\(folder.path)/other.yaml"
        try preparation.write(.sample(preparation.stack, file: other))
        // The other project was deleted: its state is free to take.
        try preparation.checkOrigin()
        try folder.put("other.yaml", "")
        let error = #expect(throws: StateError.self) { try preparation.checkOrigin() }
        #expect(error?.description.contains("belongs to \(other)") == true)
        #expect(error?.description.contains("tandem destroy --file '\(other)'") == true)
        try preparation.write(preparation.applied)
        try preparation.checkOrigin()
    }

    @Test("keeps a front port that was chosen the last time, unless the file now fixes it")
    func ports() throws {
        defer { removeSockets() }
        var last = preparation.stack
        last.balancer.httpsPort.number = 8455
        last.balancer.httpPort = Port(9000, isFixed: true)
        try preparation.write(.sample(last, file: preparation.stackFile))
        #expect(preparation.applied.stack.balancer.httpsPort == Port(8455, isFixed: false))
        #expect(preparation.applied.stack.balancer.httpPort == Port(8080, isFixed: false))
        var fixed = preparation
        fixed.stack.balancer.httpsPort = Port(443, isFixed: true)
        #expect(fixed.applied.stack.balancer.httpsPort == Port(443, isFixed: true))
        #expect(fixed.applied.url == "https://localhost")
        #expect(preparation.applied.url == "https://localhost:8455")
    }

    /// All certificates and keys below a folder, by path.
    private func keyFiles(_ folder: String) -> [String: String] {
        let paths = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [])
            .filter { $0.hasSuffix(".pem") }.map { "\(folder)/\($0)" }
        return Dictionary(
            uniqueKeysWithValues: paths.map { ($0, (try? String(contentsOfFile: $0, encoding: .utf8)) ?? "") })
    }

    @Test("makes certificates once, and again for a host whose names change")
    func certificates() throws {
        defer { removeSockets() }
        // Two for each agent and one for each use that its servers have (two for each host here), one for each of three
        // etcds, one for the command line.
        #expect(try preparation.writeCertificates() == StackPKI.Made(certificates: 20))
        #expect(try preparation.writeCertificates() == StackPKI.Made())
        var changed = preparation
        changed.stack.hosts[0].address = "127.200.9.99"
        let before = keyFiles(changed.folder.path)
        let outdated = try changed.outdatedCertificates()
        #expect(!outdated.isEmpty)
        // Of lb1's agent and etcd, and both fronts, which answer for all balancers.
        #expect(try changed.writeCertificates() == StackPKI.Made(certificates: 4))
        let after = keyFiles(changed.folder.path)
        #expect(outdated == Set(after.filter { before[$0.key] != $0.value }.keys), "what is made anew is known before")
    }

    @Test(
        "makes a new authority, and all that it signs, for a stack that has a domain outside of the old one's names"
    )
    func newAuthority() throws {
        defer { removeSockets() }
        try preparation.writeCertificates()
        #expect(try preparation.authorityProblem() == nil)
        var changed = preparation
        // Below one that it may sign for.
        changed.stack.domain = "shop.localhost"
        #expect(try changed.authorityProblem() == nil)
        changed.stack.domain = "shop.example"
        #expect(try changed.authorityProblem()?.contains("tandem down && tandem up") == true)
        #expect(try changed.writeCertificates() == StackPKI.Made(certificates: 8, replacesAuthority: true))
        #expect(try changed.authorityProblem() == nil)
        #expect(try changed.writeCertificates() == StackPKI.Made())
    }

    @Test("tells when the authority signs for more addresses than those believe who trust it, and only then")
    func widerAnchor() throws {
        defer { removeSockets() }
        #expect(try !preparation.writeCertificates().widensAnchor, "nobody has trusted it yet")
        var shown = preparation
        shown.stack.front = Front(listen: "192.168.1.20")
        #expect(try shown.writeCertificates().widensAnchor)
        #expect(try !shown.writeCertificates().widensAnchor)
        #expect(try !preparation.writeCertificates().widensAnchor, "what is trusted goes further than what is signed")
    }

    @Test("keeps the keys of agents and of the authority out of the folders of the servers")
    func keys() throws {
        defer { removeSockets() }
        try preparation.writeCertificates()
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(preparation.folder.host("server1"))/tls")
        let store: Set = ["store-ca.pem", "store.pem", "store-key.pem"]
        #expect(
            Set(names) == store.union(["ca.pem", "web.pem", "web-key.pem", "database.pem", "database-key.pem"]))
        let balancers = try FileManager.default.contentsOfDirectory(atPath: "\(preparation.folder.host("lb1"))/tls")
        #expect(Set(balancers) == store.union(["ca.pem", "front.pem", "balancer.pem"]))
        let without = try FileManager.default.contentsOfDirectory(atPath: "\(preparation.folder.host("lb2"))/tls")
        #expect(Set(without) == ["ca.pem", "front.pem", "balancer.pem"])
    }

    @Test("says which files to mend when the authority is damaged")
    func damagedAuthority() throws {
        defer { removeSockets() }
        try preparation.writeCertificates()
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: preparation.folder.caKeyFile))
        let error = #expect(throws: StateError.self) { try preparation.writeCertificates() }
        #expect(error?.description.contains(preparation.folder.caFile) == true)
        #expect(error?.description.contains(preparation.folder.caKeyFile) == true)
    }
}
