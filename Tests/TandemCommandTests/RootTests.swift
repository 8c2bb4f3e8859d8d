import Foundation
import Glibc
import Testing

@testable import TandemOperator
@testable import tandem

/// What root's commands do with files of others. All of it was different once.
@Suite("Root", .serialized, .enabled(if: geteuid() == 0, "only root can give itself up"))
struct RootTests {
    private static let nobody: UInt32 = 65_534
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var log: String { "\(folder.path)/ran.txt" }
    private var ran: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    private func give(_ path: String, to user: UInt32 = nobody) { #expect(lchown(path, user, user) == 0) }

    /// A stack file that runs something wherever it can, and a place where all may write down who ran it.
    private func evilProject(name: String) throws {
        try folder.put("ran.txt", "")
        chmod(log, 0o666)
        try folder.put(
            "evil",
            "#!/bin/sh\n(id; env) >> '\(log)'\necho 'nginx version: nginx/1.26.3'\necho 'HAProxy version 3.0.11'\n")
        chmod("\(folder.path)/evil", 0o755)
        try folder.put(
            "tandem.yaml",
            """
            stack: \(name)
            app:
              run: echo
              secrets:
                X: {command: "(id; env) >> '\(log)'; echo value"}
                Y: {env: ROOTSECRET}
            engines: {haproxy: ./evil, nginx: ./evil, mysqld: ./evil, mysql: ./evil}
            """)
        for path in [folder.path, "\(folder.path)/evil", "\(folder.path)/tandem.yaml"] { give(path) }
    }

    @Test(
        "runs nothing of another user's stack file, whatever the command, and hands it none of root's environment",
        arguments: [
            ["check"], ["plan"], ["render"], ["render", "--out", "out"], ["doctor"], ["eject", "out"],
            ["up", "--detach"],
            ["status"], ["logs"], ["down"], ["restart", "app"], ["mysql"], ["open"], ["trust"], ["destroy", "--yes"],
            ["simulate", "--stack", "tandem.yaml", "--seeds", "1"],
            ["---completion", "restart", "--", "positional@0", ""],
        ])
    func othersFile(_ command: [String]) throws {
        try evilProject(name: "evil")
        _ = try Program.run(command, in: folder.path, environment: ["ROOTSECRET": "hunter2"])
        #expect(!ran.contains("uid=0"), "\(command)")
        #expect(!ran.contains("hunter2"), "\(command)")
        #expect(!ran.contains("groups=0"), "\(command)")
        if command == ["plan"] { #expect(ran.contains("uid=65534"), "it does run what its owner may run") }
        for path in ["/var/lib/tandem/stacks/evil"] { #expect(!FileManager.default.fileExists(atPath: path)) }
        #expect(UserAccount(name: "tandem-evil") == nil)
    }

    @Test("runs nothing of a stack file of its own as root either")
    func ownFile() throws {
        try evilProject(name: "rootsown")
        for path in [folder.path, "\(folder.path)/evil", "\(folder.path)/tandem.yaml"] { give(path, to: 0) }
        let outcome = try Program.run(
            ["plan"], in: folder.path, environment: ["ROOTSECRET": "hunter2", "OTHER": "private"])
        #expect(ran.contains("uid="), "\(outcome)")
        #expect(!ran.contains("uid=0"))
        #expect(ran.contains("ROOTSECRET=hunter2"), "what its own stack file names it gets")
        #expect(!ran.contains("OTHER=private"))
        #expect(UserAccount(name: "tandem-rootsown") == nil, "looking makes no user")
    }

    @Test("does not act for a file that others could swap", arguments: ["folder", "writable", "link"])
    func swapped(_ how: String) throws {
        try folder.put("a/tandem.yaml", "stack: swapped\napp:\n  run: echo\n")
        switch how {
        case "folder": give("\(folder.path)/a")
        case "writable": chmod("\(folder.path)/a/tandem.yaml", 0o666)
        default:
            try folder.put("b/x", "")
            symlink("\(folder.path)/a/tandem.yaml", "\(folder.path)/b/tandem.yaml")
            give("\(folder.path)/b")
            give("\(folder.path)/b/tandem.yaml")
        }
        let outcome = try Program.run(["plan"], in: "\(folder.path)/\(how == "link" ? "b" : "a")")
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("detected dubious ownership"), "\(outcome)")
    }

    /// The account goes the same way once more, and would come out where the link leads by then.
    @Test("does not act for a file that it is led to by somebody else's link, named or at the end of links of its own")
    func namedByLink() throws {
        try folder.put("bob/tandem.yaml", "stack: bobs\napp:\n  run: echo\n")
        try folder.put("mallory/x", "")
        for path in ["bob", "bob/tandem.yaml"] { give("\(folder.path)/\(path)") }
        symlink("\(folder.path)/bob/tandem.yaml", "\(folder.path)/mallory/tandem.yaml")
        symlink("\(folder.path)/bob", "\(folder.path)/mallory/folder")
        symlink("mallory/folder", "\(folder.path)/ours")
        for path in ["mallory", "mallory/tandem.yaml", "mallory/folder"] {
            give("\(folder.path)/\(path)", to: 54_321)
        }
        for file in ["mallory/tandem.yaml", "mallory/folder/tandem.yaml", "ours/tandem.yaml"] {
            for command in [["plan"], ["destroy", "--yes"], ["trust"]] {
                let outcome = try Program.run(command + ["--file", file], in: folder.path)
                #expect(outcome.status == 1, "\(outcome)")
                #expect(outcome.error.contains("detected dubious ownership"), "\(outcome)")
            }
        }
        #expect(PathTrust.doubt("\(folder.path)/ours/tandem.yaml", user: Self.nobody)?.path == "\(folder.path)/mallory")
        #expect(PathTrust.doubt("\(folder.path)/bob/../bob/./tandem.yaml", user: Self.nobody) == nil)
        symlink("round", "\(folder.path)/round")
        #expect(PathTrust.doubt("\(folder.path)/round", user: 0)?.reason == "is one of too many links")
    }

    @Test("keeps its open files, its keys and its own folders from what it runs as somebody else")
    func keepsItsOwn() throws {
        try folder.put("public/said", "")
        chmod("\(folder.path)/public/said", 0o666)
        try folder.put(
            "public/mysql",
            "#!/bin/sh\n(ls -l /proc/self/fd; pwd -P; cat /proc/keys) >> '\(folder.path)/public/said' 2>&1\n"
                + "echo 'mysql  Ver 9.7.4 for Linux'\n")
        chmod("\(folder.path)/public/mysql", 0o755)
        try folder.put("public/tandem.yaml", "stack: keeps\napp: {run: echo}\nengines: {mysql: ./mysql}\n")
        for path in ["public", "public/mysql", "public/tandem.yaml"] { give("\(folder.path)/\(path)") }
        try folder.put("closed/below/secret", "")
        chmod("\(folder.path)/closed", 0o700)
        let outcome = try Program.run(
            ["render", "--file", "\(folder.path)/public/tandem.yaml"], in: "\(folder.path)/closed/below",
            through: ["/bin/sh", "-c", "exec 7< secret; exec \"$@\"", "sh"])
        #expect(outcome.status == 0, "\(outcome)")
        let said = try String(contentsOfFile: "\(folder.path)/public/said", encoding: .utf8)
        #expect(said.contains("/dev/null") && !said.contains("secret"), "\(said)")
        #expect(!said.contains("closed"), "\(said)")
    }

    @Test("writes what an account gives into the hosts' folders alone, and leaves a folder's mode as it is")
    func handedOver() throws {
        let names: Set = ["lb1", "README.md"]
        for path in ["lb1", "lb1/etc/haproxy.cfg", "README.md"] { #expect(HandOver.isExpected(path, names), "\(path)") }
        for path in [
            ".ssh", ".ssh/authorized_keys", "lb1/.ssh", "lb2/haproxy.cfg", "lb1/../x", "", "/lb1", "lb1//x", "cron.d/x",
        ] {
            #expect(!HandOver.isExpected(path, names), "\(path)")
        }
        try folder.put("tandem.yaml", "stack: handed\napp:\n  run: echo\n")
        try folder.put("out/x", "")
        chmod("\(folder.path)/out", 0o700)
        let outcome = try Program.run(["render", "--out", "out"], in: folder.path)
        #expect(outcome.status == 0, "\(outcome)")
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/out")[.posixPermissions]
        #expect(mode as? Int == 0o700)
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/out/lb1/haproxy.cfg"))
    }

    /// Its app may have left a process that makes files as fast as they are deleted.
    @Test("destroys a stack whose account goes on writing, and ends what is left of it, but nothing in a container")
    func leftovers() throws {
        try folder.put("tandem.yaml", "stack: leftovers\napp:\n  run: echo\n")
        let account = StackAccount(stack: "leftovers")
        let user = try account.make()
        try "note".write(toFile: "\(account.folder)/note", atomically: false, encoding: .utf8)
        #expect(lchown("\(account.folder)/note", user.user, user.group) == 0)
        func start(_ wrapper: [String], _ script: String) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                wrapper + [
                    "setpriv", "--reuid=\(user.user)", "--regid=\(user.group)", "--clear-groups", "/bin/sh", "-c",
                    script,
                ]
            try process.run()
            return process
        }
        let container = try start(
            ["unshare", "--pid", "--fork", "--mount-proc"], ": > '\(account.folder)/inside'; exec sleep 120")
        defer { container.terminate() }
        let loop = try start([], "while :; do : > '\(account.folder)/again'; done")
        defer { if loop.isRunning { loop.terminate() } }
        // Both run as that user once they have written there. A container that may not make one of its own has ended
        // instead.
        func isWritten(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(account.folder)/\(name)") }
        for _ in 0..<3000 where !isWritten("again") || (container.isRunning && !isWritten("inside")) {
            usleep(20_000)
        }
        let outcome = try Program.run(["destroy", "--yes"], in: folder.path)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: account.folder))
        loop.waitUntilExit()
        #expect(loop.terminationReason == .uncaughtSignal)
        // A container may not be allowed to make one of its own.
        let makesNamespaces =
            try RootTool.run(["/usr/bin/unshare", "--pid", "--fork", "/bin/true"], isQuiet: true).status == 0
        #expect(container.isRunning || !makesNamespaces)
        _ = try RootTool.run(["/usr/sbin/userdel", account.name])
    }

    @Test("is told at once which folder keeps the stack's account out", arguments: ["check", "plan", "up"])
    func barred(_ command: String) throws {
        try folder.put("closed/shop/tandem.yaml", "stack: barred\napp:\n  run: echo\n")
        chmod("\(folder.path)/closed", 0o700)
        let outcome = try Program.run([command], in: "\(folder.path)/closed/shop")
        #expect(outcome.status == 1)
        #expect(
            outcome.error.contains(
                "\(folder.path)/closed denies that user access (it belongs to root and has mode 0700)"),
            "\(outcome)")
        #expect(UserAccount(name: "tandem-barred") == nil, "no account is left behind")
    }

    @Test("is told which folder of static files keeps the account out", arguments: ["check", "plan", "up"])
    func barredApp(_ command: String) throws {
        try folder.put("data/x", "")
        chmod("\(folder.path)/data", 0o700)
        try folder.put("tandem.yaml", "stack: barredapp\napp:\n  run: echo\nweb: {static: data}\n")
        let outcome = try Program.run([command], in: folder.path)
        #expect(outcome.status == 1, "\(outcome)")
        #expect(outcome.error.contains("\(folder.path)/data denies that user access"), "\(outcome)")
        #expect(UserAccount(name: "tandem-barredapp") == nil)
    }

    @Test("writes rendered and ejected files into folders of its own, through nobody's link")
    func written() throws {
        try folder.put("tandem.yaml", "stack: written\napp:\n  run: echo\n")
        try folder.put("precious", "precious")
        try folder.put("out/lb1/x", "")
        symlink("\(folder.path)/precious", "\(folder.path)/out/lb1/haproxy.cfg")
        let rendered = try Program.run(["render", "--out", "out"], in: folder.path)
        #expect(rendered.status == 0, "\(rendered)")
        #expect(try String(contentsOfFile: "\(folder.path)/precious", encoding: .utf8) == "precious")
        #expect(try String(contentsOfFile: "\(folder.path)/out/lb1/haproxy.cfg", encoding: .utf8).contains("frontend"))

        try FileManager.default.createDirectory(atPath: "\(folder.path)/theirs", withIntermediateDirectories: false)
        give("\(folder.path)/theirs")
        let ours = "\(folder.path)/ours"
        try FileManager.default.createDirectory(atPath: ours, withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/theirs/link", withDestinationPath: ours)
        for command in [["render", "--out", "theirs/x"], ["eject", "theirs/y"], ["eject", "theirs/link/z"]] {
            let outcome = try Program.run(command, in: folder.path)
            #expect(outcome.status == 1 && outcome.error.contains("others can change it"), "\(outcome)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/theirs") == ["link"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: ours).isEmpty)
    }

    @Test("links engines into no folder that another user could have put a link in the place of")
    func engineLinks() throws {
        try FileManager.default.createDirectory(atPath: "\(folder.path)/theirs", withIntermediateDirectories: true)
        #expect(lchown("\(folder.path)/theirs", Self.nobody, Self.nobody) == 0)
        for place in ["theirs", "theirs/new"] {
            let outcome = try Program.run(["engines", "link", place], in: folder.path)
            #expect(outcome.status == 1)
            #expect(outcome.error.contains("as root nothing is written to \(place)"), "\(outcome)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/theirs").isEmpty)
    }

    @Test("writes for another user's stack file only what that user may write", arguments: ["render", "eject"])
    func writtenForOthers(_ command: String) throws {
        try folder.put("tandem.yaml", "stack: written\napp:\n  run: echo\n")
        try FileManager.default.createDirectory(atPath: "\(folder.path)/roots", withIntermediateDirectories: false)
        try FileManager.default.createDirectory(atPath: "\(folder.path)/e", withIntermediateDirectories: false)
        symlink("\(folder.path)/roots", "\(folder.path)/e/lb1")
        for path in ["", "/tandem.yaml", "/e", "/e/lb1"] { give(folder.path + path) }
        let arguments = command == "render" ? ["render", "--out", "e"] : ["eject", "e", "--force"]
        let outcome = try Program.run(arguments, in: folder.path)
        #expect(outcome.status == 1, "\(outcome)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: "\(folder.path)/roots").isEmpty)
    }

    @Test("begins a stack file as the user whom the folder belongs to")
    func initialised() throws {
        give(folder.path)
        let outcome = try Program.run(["init", "--run", "./serve"], in: folder.path)
        #expect(outcome.status == 0, "\(outcome)")
        let owner = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/tandem.yaml")[.ownerAccountID]
        #expect(owner as? Int == Int(Self.nobody))
    }

    @Test("is refused as keeper and agent", arguments: ["keeper", "agent"])
    func daemons(_ command: String) throws {
        let outcome = try Program.run(
            [command, "--folder", folder.path] + (command == "agent" ? ["--host", "x"] : []), in: "/")
        #expect(outcome.status == 2 && outcome.error.contains("do not run as root"), "\(outcome)")
    }

    @Test(
        "locks the user of a stack that is destroyed, whose number nobody gets, and takes it up for the next of that name"
    )
    func retired() throws {
        let account = StackAccount(stack: "retired")
        defer {
            _ = try? ToolRun(["/usr/sbin/userdel", account.name])
            _ = try? ToolRun(["/usr/sbin/groupdel", account.name])
        }
        let made = try account.make()
        #expect(try account.retire() == account.name)
        #expect(!FileManager.default.fileExists(atPath: account.folder))
        let locked = try ToolRun(["/usr/bin/getent", "shadow", account.name]).words.split(
            separator: ":", omittingEmptySubsequences: false)
        try #require(locked.count == 9, "\(locked)")
        #expect(locked[1].hasPrefix("!") && locked[7] == "1", "locked and expired")
        let next = StackAccount(stack: "retired-next")
        defer { _ = try? ToolRun(["/usr/sbin/userdel", next.name]) }
        let other = try next.make()
        defer { _ = try? next.retire() }
        #expect(other.user != made.user && other.group != made.group)

        #expect(try account.make() == made)
        let again = try ToolRun(["/usr/bin/getent", "shadow", account.name]).words.split(
            separator: ":", omittingEmptySubsequences: false)
        #expect(again[1].hasPrefix("!") && again[7].isEmpty, "locked, and as it was at first")
        #expect(try account.retire() == account.name)
        #expect(try ToolRun(["/usr/sbin/usermod", "--gid", "nogroup", account.name]).status == 0)
        #expect(throws: Failure.self, "not as it was made") { try account.make() }
        #expect(try ToolRun(["/usr/sbin/userdel", account.name]).status == 0)
        let failure = #expect(throws: Failure.self, "its group is left") { try account.make() }
        #expect(failure?.message.contains("groupdel \(account.name)") == true, "\(failure as Any)")
    }

    /// As setfacl(1) writes it.
    private func allow(_ path: String, user: UInt32, _ rights: UInt8, mask: UInt8) throws {
        func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let entries: [(tag: UInt8, rights: UInt8, identity: UInt32)] = [
            (0x01, 6, .max), (0x02, rights, user), (0x04, 4, .max), (0x10, mask, .max), (0x20, 4, .max),
        ]
        let bytes = number(2) + entries.flatMap { [$0.tag, 0, $0.rights, 0] + number($0.identity) }
        let set = "import os, sys; os.setxattr(sys.argv[1], 'system.posix_acl_access', bytes(map(int, sys.argv[2:])))"
        let outcome = try ToolRun(["/usr/bin/env", "python3", "-c", set, path] + bytes.map { "\($0)" })
        try #require(outcome.status == 0, "no access lists in /tmp: \(outcome.words)")
    }

    @Test("does not believe what an access control list lets others write")
    func accessList() throws {
        try folder.put("file", "")
        let file = "\(folder.path)/file"
        try allow(file, user: 54_321, 6, mask: 7)
        #expect(PathTrust.reason(file, 0) == "may be written by user number 54321 (see getfacl)")
        try allow(file, user: 54_321, 6, mask: 4)
        #expect(PathTrust.reason(file, 0) == nil, "the mask takes it away")
        try allow(file, user: 54_321, 4, mask: 7)
        #expect(PathTrust.reason(file, 0) == nil)
        try allow(file, user: 0, 6, mask: 7)
        #expect(PathTrust.reason(file, 0) == nil)
    }

    @Test("does not believe what a group may write that somebody else belongs to, first of all or besides")
    func groups() throws {
        func tool(_ command: String...) throws {
            let outcome = try ToolRun(command)
            try #require(outcome.status == 0, "\(outcome.words)")
        }
        let (one, two) = ("tandemtestone", "tandemtesttwo")
        for name in [one, two] { _ = try ToolRun(["/usr/sbin/userdel", name]) }
        try tool("/usr/sbin/useradd", "--user-group", "--no-create-home", one)
        defer { _ = try? ToolRun(["/usr/sbin/userdel", one]) }
        let owner = try #require(UserAccount(name: one))
        try folder.put("file", "")
        let file = "\(folder.path)/file"
        #expect(lchown(file, owner.user, owner.group) == 0)
        chmod(file, 0o664)
        #expect(PathTrust.reason(file, owner.user) == nil)
        try tool("/usr/sbin/useradd", "--gid", one, "--no-create-home", two)
        defer { _ = try? ToolRun(["/usr/sbin/userdel", two]) }
        #expect(PathTrust.reason(file, owner.user) == "may be written by the group \(one)")
        try tool("/usr/sbin/usermod", "--gid", "nogroup", two)
        #expect(PathTrust.reason(file, owner.user) == nil)
        try tool("/usr/sbin/usermod", "--append", "--groups", "root", two)
        #expect(lchown(file, 0, 0) == 0)
        #expect(PathTrust.reason(file, 0) == "may be written by the group root")
    }

    @Test("refuses the state of version 0.1, and says how to keep it or delete it")
    func oldState() throws {
        let state = "/var/lib/tandem/stacks/oldstate"
        try FileManager.default.createDirectory(atPath: "\(state)/hosts", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: state) }
        try folder.put("tandem.yaml", "stack: oldstate\napp:\n  run: echo\n")
        for command in ["status", "up", "destroy"] {
            let outcome = try Program.run([command], in: folder.path)
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.error.contains("chown -hR tandem-oldstate: \(state)"), "\(outcome)")
            #expect(outcome.error.contains("rm -r \(state)"))
        }
        #expect(FileManager.default.fileExists(atPath: "\(state)/hosts"))
    }
}

/// A project that somebody else put where an ordinary user works.
@Suite("An ordinary user", .serialized, .enabled(if: geteuid() == 0, "only root can be several users"))
struct FoundFileTests {
    private let folder: TemporaryFolder
    private static let nobody: UInt32 = 65_534
    private static let stranger: UInt32 = 54_321

    init() throws { folder = try TemporaryFolder() }

    private func asNobody(
        _ arguments: [String], in place: String, _ more: [String: String] = [:]
    ) throws -> Program.Outcome {
        try Program.run(
            arguments, in: place, environment: ["HOME": folder.path].merging(more) { $1 },
            through: ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
    }

    private func give(_ path: String, to user: UInt32) { #expect(lchown(path, user, user) == 0) }

    private func project(of user: UInt32) throws {
        try folder.put(
            "shared/tandem.yaml",
            "stack: found\napp:\n  run: echo\n  secrets:\n    X: {command: \"echo ran | tee -a ran\"}\n")
        try folder.put("shared/work/x", "")
        chmod("\(folder.path)/shared", 0o1777)
        give("\(folder.path)/shared/tandem.yaml", to: user)
    }

    @Test("does not run what a found stack file of somebody else says, unless it is named")
    func found() throws {
        try project(of: Self.stranger)
        let ran = "\(folder.path)/shared/ran"
        let found = try asNobody(["plan"], in: "\(folder.path)/shared/work")
        #expect(found.status == 3 && found.error.contains("detected dubious ownership in"), "\(found)")
        #expect(found.error.contains("belongs to user number 54321"))
        #expect(!FileManager.default.fileExists(atPath: ran))
        let named = try asNobody(["plan", "--file", "../tandem.yaml"], in: "\(folder.path)/shared/work")
        #expect(named.status == 0 && named.error.contains("warning:"), "\(named)")
        #expect(FileManager.default.fileExists(atPath: ran))
    }

    @Test("runs what is theirs or root's, and what a private group may write", arguments: [0, nobody])
    func own(_ user: UInt32) throws {
        try project(of: user)
        let outcome = try asNobody(["check"], in: "\(folder.path)/shared/work")
        #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome)")
    }

    @Test("is warned of a found file that everybody may write")
    func writable() throws {
        try project(of: Self.nobody)
        chmod("\(folder.path)/shared/tandem.yaml", 0o666)
        let outcome = try asNobody(["check"], in: "\(folder.path)/shared/work")
        #expect(outcome.status == 3 && outcome.error.contains("may be written by everybody"), "\(outcome)")
    }

    @Test(
        "does not believe keys and passwords that came with a checkout", arguments: ["secrets.json", "pki/ca-key.pem"])
    func checkout(_ name: String) throws {
        try project(of: Self.nobody)
        try folder.put("shared/.tandem/found/\(name)", "{}")
        for path in ["", "/found", "/found/pki", "/found/\(name)"] {
            let whole = "\(folder.path)/shared/.tandem\(path)"
            if FileManager.default.fileExists(atPath: whole) { give(whole, to: Self.nobody) }
        }
        chmod("\(folder.path)/shared/.tandem/found/\(name)", 0o644)
        for command in [["plan"], ["trust"], ["status"], ["eject", "out"]] {
            let outcome = try asNobody(command, in: "\(folder.path)/shared")
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.error.contains("may be read by others"), "\(outcome)")
        }
    }

    @Test("does not use a state folder of somebody else's")
    func othersState() throws {
        try project(of: Self.nobody)
        try folder.put("shared/.tandem/found/x", "")
        for path in ["", "/found"] { give("\(folder.path)/shared/.tandem\(path)", to: Self.stranger) }
        let outcome = try asNobody(["plan"], in: "\(folder.path)/shared")
        #expect(outcome.status == 1 && outcome.error.contains("belongs to user number 54321"), "\(outcome)")
    }

    @Test("does not use programs that somebody else could have put there, and keeps its store's lock to itself")
    func engines() throws {
        try folder.put("theirs/x", "")
        try folder.put("own/x", "")
        give("\(folder.path)/theirs", to: Self.stranger)
        give("\(folder.path)/own", to: Self.nobody)
        let theirs = try asNobody(["engines", "list"], in: "/", ["TANDEM_ENGINES": "\(folder.path)/theirs"])
        #expect(theirs.status == 1 && theirs.error.contains("belongs to user number 54321"), "\(theirs)")
        let own = try asNobody(["engines", "remove", "--replaced"], in: "/", ["TANDEM_ENGINES": "\(folder.path)/own"])
        #expect(own.status == 0, "\(own)")
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/own/lock")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }
}

@Suite("The system user of a stack of root's")
struct StackAccountTests {
    @Test("has a name that useradd takes, and shares it with no other stack's, however long its name is")
    func names() {
        let long = String(repeating: "a", count: 62)
        let cut = StackAccount(stack: long + "b").name
        // A stack whose whole name is what another's was cut to.
        let stacks = ["a", long + "b", long + "c", String(repeating: "a", count: 24), String(cut.dropFirst(7))]
        let names = stacks.map { StackAccount(stack: $0).name }
        #expect(Set(names).count == stacks.count)
        #expect(names.allSatisfy { $0.utf8.count <= 32 && $0.hasPrefix("tandem-") })
        #expect(names[0] == "tandem-a")
    }
}
