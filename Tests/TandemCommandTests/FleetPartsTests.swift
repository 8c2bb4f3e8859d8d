import Foundation
import TandemAgent
import TandemBlueprint
import TandemFleet
import TandemStack
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("A stack on hosts of its own, in parts")
struct FleetPartsTests {
    @Test(
        "a command goes to a host as it was typed, about the file there",
        arguments: [
            (["status"], ["status", "--file", "F"]),
            (["status", "--file", "here.yaml", "--format", "json"], ["status", "--format", "json", "--file", "F"]),
            (["top", "--file=here.yaml", "--once"], ["top", "--once", "--file", "F"]),
            (["switchover", "--to", "server2"], ["switchover", "--to", "server2", "--file", "F"]),
            (["mysql", "--", "--file", "x"], ["mysql", "--file", "F", "--", "--file", "x"]),
            (["run", "--", "ls", "--file=x"], ["run", "--file", "F", "--", "ls", "--file=x"]),
        ])
    func arguments(_ typed: [String], _ expected: [String]) {
        #expect(RemoteCommand.arguments(typed, file: "F") == expected)
    }

    @Test("a host that the user has not named is named before what is meant for the program")
    func namedHost() {
        let words = RemoteCommand.arguments(["mysql", "--", "-e", "SELECT 1"], file: "F", host: "server2")
        #expect(words == ["mysql", "server2", "--file", "F", "--", "-e", "SELECT 1"])
    }

    @Test("what a host's program says is shown from the line on that tells that it reads, in whatever pieces it comes")
    func gate() {
        let gate = RemoteReaders.Gate("now")
        #expect(gate.pass(Data("words of a login shell\nno".utf8)) == "")
        #expect(gate.pass(Data("w\nfirst\n".utf8)) == "first\n" && gate.pass(Data("now\n".utf8)) == "now\n")
        let ended = RemoteReaders.Gate("now")
        #expect(ended.pass(Data("an older version\n".utf8)) == "" && ended.pass(Data()) == "")
    }

    @Test(
        "while a change is taken up, a host has the roles that it leaves beside those that it gets, and hosts that leave are there"
    )
    func together() {
        var stack = Sample.applied().stack
        let before = stack.hosts
        stack.hosts[1].roles = [.app, .web]
        let gone = stack.hosts.removeLast()
        let together = stack.together(with: before, leaving: [gone])
        #expect(together.hosts.map(\.name) == before.map(\.name))
        #expect(together.hosts[1].roles == [.app, .web, .balancer] && together.hosts[0].roles == [.balancer])
        #expect(stack.together(with: [], leaving: []) == stack)
    }

    @Test("hosts that leave the stack have connections of their own, and none is left when all is done")
    func sockets() async throws {
        let stack = Sample.applied().stack
        let names = stack.hosts.map(\.name) + ["gone1", "gone2"]
        let sockets = try await Fleet.with(stack) { fleet in
            let sockets = names.map { fleet.line(to: Sample.host(9, $0, [.app])).controlSocket }
            for socket in sockets { try Data().write(to: URL(filePath: socket)) }
            return sockets
        }
        #expect(Set(sockets).count == names.count && sockets.allSatisfy { $0.utf8.count < 60 })
        for socket in sockets { #expect(!FileManager.default.fileExists(atPath: socket)) }
    }

    @Test("what a host has is read from its answer; a version of the app that is only half there is not there")
    func standing() {
        let answer = "program=0a1b\nrunning=active\nrevision=12\nrelease=aaa\nrelease=bbb.new\nwords of a login shell\n"
        let standing = HostStanding(answer: answer)
        #expect(standing.program == "0a1b" && standing.isRunning && standing.revision == 12)
        #expect(standing.releases == ["aaa"])
        let bare = HostStanding(answer: "program=\nrunning=inactive\nrevision=\n")
        #expect(bare == HostStanding())
    }

    @Test("libraries that every host has stay here, the others go along, and one that is missing is named")
    func libraries() throws {
        let listed = """
            \tlinux-vdso.so.1 (0x00007ff)
            \tlibmariadb.so.3 => /lib/x86_64-linux-gnu/libmariadb.so.3 (0x00007ff)
            \tlibswiftCore.so => /opt/swift/libswiftCore.so (0x00007ff)
            \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007ff)
            \t/lib64/ld-linux-x86-64.so.2 (0x00007ff)
            \tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007ff)
            """
        #expect(try ProgramBundle.libraries(listed).map(\.name) == ["libmariadb.so.3", "libswiftCore.so"])
        #expect(throws: Failure.self) { try ProgramBundle.libraries("\tlibodd.so => not found\n") }
    }

    @Test("what the live page is told is passed on event by event, however it is cut on its way")
    func events() throws {
        let text = "event: hour\ndata: {}\n\nevent: state\ndata: {\"a\":\"é\"}\n\nevent: st"
        for size in 1...text.utf8.count {
            var splitter = EventSplitter()
            var events: [String] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                events += try splitter.take(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(events == ["event: hour\ndata: {}\n\n", "event: state\ndata: {\"a\":\"é\"}\n\n"], "\(size)")
        }
    }

    @Test("lines of several hosts carry their times; anything else is left out")
    func logLines() {
        let lines = FleetLogs.lines("1700000000.5\tserver1 app │ one\nnoise\n1700000001.0\tserver1 app │ two\tx\n")
        #expect(lines.map(\.time) == [1_700_000_000.5, 1_700_000_001])
        #expect(lines.last?.text == "server1 app │ two\tx")
    }

    @Test("an app's version is named by its files alone: neither by their times nor by the stack file")
    func release() throws {
        let folder = try TemporaryFolder()
        try folder.put("app.py", "print()\n")
        try folder.put("static/site.css", "a {}\n")
        try folder.put("tandem.yaml", "stack: shop\n")
        func identifier() throws -> String {
            try ReleaseBundle(folder: folder.path, stackFile: "\(folder.path)/tandem.yaml").identifier
        }
        let first = try identifier()
        try folder.put("tandem.yaml", "stack: shop\ndomain: shop.example\n")
        try folder.put("app.py", "print()\n")
        #expect(try identifier() == first)
        try folder.put("static/site.css", "b {}\n")
        #expect(try identifier() != first)
    }

    @Test("of a folder under git, what git ignores is no part of the app")
    func ignored() throws {
        let folder = try TemporaryFolder()
        try folder.put("app.py", "print()\n")
        try folder.put(".gitignore", "secret\n*.log\n")
        try folder.put("secret/key", "k\n")
        try folder.put("debug.log", "d\n")
        for words in [["init", "--quiet"], ["add", "app.py"]] {
            #expect(try ToolRun(["/usr/bin/git", "-C", folder.path] + words).status == 0)
        }
        let archive = try ReleaseBundle(folder: folder.path, stackFile: "\(folder.path)/tandem.yaml").archive
        let text = String(decoding: archive, as: UTF8.self)
        #expect(text.contains("./app.py") && text.contains("./.gitignore"))
        #expect(!text.contains("secret/key") && !text.contains("debug.log"))
    }

    @Test(
        "one goes back to the version before, or to one that is named by its beginning; anything else is refused with those that there are"
    )
    func earlier() throws {
        var state = FleetState()
        for (index, name) in ["aa1", "aa2", "bb3"].enumerated() {
            state.take(name, at: Date(timeIntervalSince1970: Double(index)))
        }
        #expect(try FleetReleases.chosen(nil, of: state) == "aa2")
        #expect(try FleetReleases.chosen("bb", of: state) == "bb3")
        for odd in ["aa", "cc", ""] {
            let failure = #expect(throws: Failure.self) { try FleetReleases.chosen(odd, of: state) }
            #expect(failure?.message.contains("bb3, aa2, aa1") == true && failure?.status == .usage)
        }
        // It runs again, and so is the newest; going back from it leads to where one was.
        state.take("aa1", at: Date())
        #expect(state.releases.map(\.identifier) == ["aa1", "bb3", "aa2"])
        for name in ["c", "d", "e"] { state.take(name, at: Date()) }
        #expect(state.releases.map(\.identifier) == ["e", "d", "c", "aa1", "bb3"])
        #expect(throws: Failure.self) { try FleetReleases.chosen(nil, of: FleetState()) }
    }

    @Test("the agent's unit is one that systemd takes, sandboxed, and never has mysqld killed by a signal of systemd's")
    func unit() throws {
        let folder = try TemporaryFolder()
        let stack = try StackFile(
            text: "stack: shop\napp: {run: ./shop}\n", name: "tandem.yaml", folder: folder.path
        ).load()
        let host = try #require(stack.hosts.last)
        let text = try AgentUnit(stack: stack, host: host, account: "www-data").text()
            .replacing(HostPlaces.program, with: "/usr/bin/true")
        #expect(text.contains("\nKillMode=process\n") && text.contains("\nRestart=always\n"))
        try folder.put("tandem-shop.service", text)
        let unit = "\(folder.path)/tandem-shop.service"
        let verdict = try ToolRun(["/usr/bin/systemd-analyze", "verify", "--man=no", unit])
        #expect(verdict.status == 0 && verdict.words.isEmpty, "\(verdict.words)")
        // In tenths; 4.0 is "OK".
        let exposure = try ToolRun(
            ["/usr/bin/systemd-analyze", "security", "--offline=true", "--threshold=40", "--no-pager", unit])
        #expect(exposure.status == 0, "\(exposure.words)")
    }

    @Test("an app's launcher is a unit that systemd accepts and finds safe, and its socket opens to the agent alone")
    func launcher() throws {
        let folder = try TemporaryFolder()
        let places = HostPlaces(stack: "shop")
        let units = LauncherUnits(places: places, agent: "www-data", app: "games")
        #expect(units.socket.contains("\nSocketUser=www-data\n") && units.socket.contains("\nSocketMode=0600\n"))
        #expect(units.service.contains("\nUser=games\n") && units.service.contains("\nKillMode=process\n"))
        let service = units.service.replacing(HostPlaces.program, with: "/usr/bin/true")
        try folder.put(places.launcherUnit, service)
        try folder.put(places.launcherSocketUnit, units.socket)
        let paths = [places.launcherUnit, places.launcherSocketUnit].map { "\(folder.path)/\($0)" }
        let verdict = try ToolRun(["/usr/bin/systemd-analyze", "verify", "--man=no"] + paths)
        #expect(verdict.status == 0 && verdict.words.isEmpty, "\(verdict.words)")
        let exposure = try ToolRun(
            ["/usr/bin/systemd-analyze", "security", "--offline=true", "--threshold=40", "--no-pager", paths[0]])
        #expect(exposure.status == 0, "\(exposure.words)")
    }

    @Test("an agent may write to its app's log alone, and is told of the app's account only where there is an app")
    func agentAndApp() throws {
        let stack = try StackFile(
            text: "stack: shop\napp: {run: ./shop}\n", name: "tandem.yaml", folder: "/srv/shop"
        ).load()
        func text(_ role: Role) throws -> String {
            let host = try #require(stack.hosts.first { $0.has(.app) == (role == .app) })
            return try AgentUnit(stack: stack, host: host, account: "tandem-shop").text()
        }
        #expect(try text(.app).contains("\nSupplementaryGroups=tandem-shop_app\n"))
        let order = "\nAfter=network-online.target tandem-shop.app.socket tandem-shop.app.service\n"
        #expect(try text(.app).contains(order))
        #expect(try !text(.balancer).contains("shop_app"))
    }

    @Test("no account is two stacks', nor two parts'")
    func accounts() {
        let long = String(repeating: "s", count: 40)
        let places = ["shop", "shop-app", "shop-a", long, "\(long)-app"].map(HostPlaces.init)
        let names = places.flatMap { [$0.account, $0.appAccount] }
        #expect(Set(names).count == names.count && names.allSatisfy { $0.utf8.count <= 32 }, "\(names)")
        #expect(names[1] == "tandem-shop_app")
    }

    @Test("one host that does not answer is no error where others do, and is named with what to do")
    func answers() {
        let (one, other) = (Sample.host(1, "one", Sample.all), Sample.host(2, "other", Sample.all))
        let gone: any Error = Failure(.failed, "no route to host")
        let answers = FleetHosts.Answers<String>([(one, .success("lines")), (other, .failure(gone))])
        #expect(answers.values == ["one": "lines"])
        #expect(answers.problems == ["  other: no route to host"])
        #expect(answers.failure("read the logs").message == "cannot read the logs:\n  other: no route to host")
    }
}
