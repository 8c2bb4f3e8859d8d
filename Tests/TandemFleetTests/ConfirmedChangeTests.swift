import Foundation
import StackFuzz
import TandemStack
import Testing

@testable import TandemFleet

/// A host that undoes by itself what nobody has confirmed: its real systemd, nft, sshd and boot.
/// `TANDEM_TEST_CHANGES=200` is the long form.
@Suite("Changes that a host undoes by itself", .serialized, .enabled(if: LabHosts.folder != nil, LabHosts.skipped))
struct ConfirmedChangeTests {
    private static let name = "server2"
    private static let path = "/etc/tandem-test/firewall.nft"
    /// How long the host waits in these tests.
    private static let undoAfterSeconds = 6
    private static let changes = ProcessInfo.processInfo.environment["TANDEM_TEST_CHANGES"].flatMap(Int.init) ?? 6

    /// A table whose number is in it, so that it is known again.
    private static func rules(_ number: Int, ssh: String = "tcp dport 22 accept") -> String {
        """
        table inet tandem
        delete table inet tandem
        table inet tandem {
            chain number\(number) { comment "one"; }
            chain input {
                type filter hook input priority filter; policy drop;
                iif "lo" accept
                ct state established,related accept
                icmp type echo-request accept
                \(ssh)
            }
            chain end\(number) { comment "two"; }
        }

        """
    }

    private static func change(_ rules: String) -> ConfirmedChange {
        .firewall(rules: rules, path: path, undoAfterSeconds: undoAfterSeconds)
    }

    private func shell(_ text: String) async throws -> String {
        let session = try await LabHosts.session(Self.name)
        return try await session.run(["/bin/sh", "-c", text]).output
    }

    /// The number of the rules that hold, and of those that hold at the next boot.
    private func numbers() async throws -> [Int] {
        let text = try await shell(
            "for from in 'nft list table inet tandem' 'cat \(Self.path)'; do $from 2>/dev/null | "
                + "grep -oE '(number|end)[0-9]+ ' | grep -oE '[0-9]+' | sort -u | xargs echo +; done")
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ").dropFirst()
            return words.count == 1 ? Int(words.first ?? "") ?? -1 : words.isEmpty ? 0 : -1
        }
    }

    private func begin() async throws {
        try await LabHosts.lab("up", Self.name)
        let words = try await shell(
            "nft flush ruleset; rm -rf /etc/tandem-test; nft add table inet other; nft add chain inet other mine; echo fine"
        )
        #expect(words == "fine\n")
    }

    @Test("What can be confirmed stays, replaces the table alone, and nothing is left that would undo it")
    func stays() async throws {
        try await begin()
        let session = try await LabHosts.session(Self.name, socket: "/tmp/tandem-lab-\(getpid())")
        #expect(try await Self.change(Self.rules(1)).carryOut(on: session) == .confirmed)
        #expect(try await Self.change(Self.rules(2)).carryOut(on: session) == .confirmed)
        try await Task.sleep(for: .seconds(Self.undoAfterSeconds + 2))
        #expect(try await numbers() == [2, 2])
        #expect(try await shell("nft list tables") == "table inet other\ntable inet tandem\n")
        let left = try await shell(
            "ls /var/lib/tandem-change; systemctl list-units --plain --no-legend --all 'tandem-change-undo-*'")
        #expect(left == "ended\nlast\nlock\n")
        await session.close()
    }

    @Test("What locks everybody out is undone by the host, while the connection that made it lives on")
    func lockedOut() async throws {
        try await begin()
        let session = try await LabHosts.session(Self.name, socket: "/tmp/tandem-lab-\(getpid())")
        #expect(try await Self.change(Self.rules(1)).carryOut(on: session) == .confirmed)
        let ending = try await Self.change(Self.rules(2, ssh: "tcp dport 23 accept")).carryOut(on: session)
        guard case .undone(let reason) = ending else {
            Issue.record("\(ending)")
            return
        }
        #expect(reason.contains("nothing answers") || reason.contains("no new connection"), "\(reason)")
        #expect(try await numbers() == [1, 1])
        await session.close()
    }

    @Test("What nft refuses, what cannot be put in place, and what its proof refuses: the host has what it had")
    func refused() async throws {
        try await begin()
        let session = try await LabHosts.session(Self.name)
        #expect(try await Self.change(Self.rules(1)).carryOut(on: session) == .confirmed)
        let error = await #expect(throws: ConfirmedChange.Failure.self) {
            try await Self.change(Self.rules(2) + "nonsense\n").carryOut(on: session)
        }
        #expect(error?.kind == .refused && error?.description.contains("nonsense") == true)
        #expect(try await numbers() == [1, 1])

        var failing = Self.change(Self.rules(3))
        failing.script.apply += "; echo 'too bad' >&2; false"
        guard case .undone(let reason) = try await failing.carryOut(on: session) else {
            Issue.record("it was confirmed")
            return
        }
        #expect(reason.contains("too bad"))
        #expect(try await numbers() == [1, 1])

        struct NotYet: Error {}
        let ending = try await Self.change(Self.rules(4)).carryOut(on: session) { _ in throw NotYet() }
        #expect(ending == .undone("NotYet()"))
        #expect(try await numbers() == [1, 1])
    }

    @Test("Files and links come and go together, and a first change that is undone leaves nothing behind")
    func files() async throws {
        try await begin()
        let session = try await LabHosts.session(Self.name)
        let folder = "/etc/tandem-test"
        func change(_ apply: String, _ files: [ConfirmedChange.File]) -> ConfirmedChange {
            ConfirmedChange(
                name: "files", files: files,
                script: .init(apply: apply, undo: "echo undone >> \(folder)/words"), undoAfterSeconds: 5)
        }
        let first: [ConfirmedChange.File] = [
            .init(path: "\(folder)/it's a file", content: .text("one\n'two'", mode: 0o640)),
            .init(path: "\(folder)/link", content: .link(to: "it's a file")),
        ]
        guard case .undone = try await change("false", first).carryOut(on: session) else {
            Issue.record("it was confirmed")
            return
        }
        #expect(try await shell("ls \(folder)") == "words\n")
        #expect(try await change(":", first).carryOut(on: session) == .confirmed)
        let second: [ConfirmedChange.File] = [
            .init(path: "\(folder)/it's a file", content: .absent), .init(path: "\(folder)/link", content: .text("x")),
        ]
        _ = try await change("false", second).carryOut(on: session)
        let words = try await shell("cd \(folder) && stat -c '%a %N' it* link && cat link")
        #expect(words == "640 \"it's a file\"\n777 'link' -> \"it's a file\"\none\n'two'")
    }

    /// One way in which a change may go.
    private enum Course: CaseIterable {
        case fine
        case locksOut
        case wrongFile
        case cannotBePut
        /// The operator's machine dies in the middle.
        case operatorDies
        /// Power is cut in the middle.
        case powerCut
    }

    @Test(
        "Whatever is changed, and whatever dies in the middle: the host is reachable, with the old rules or the new ones, whole"
    )
    func random() async throws {
        try await begin()
        let seed = SeededRandom.seedOfThisRun
        print("changes: TANDEM_TEST_SEED=\(seed) replays this run")
        var random = SeededRandom(seed: seed)
        let first = try await LabHosts.session(Self.name)
        #expect(try await Self.change(Self.rules(1)).carryOut(on: first) == .confirmed)
        var confirmed = 1
        for number in 2..<(2 + Self.changes) {
            let course = number - 2 < Course.allCases.count ? Course.allCases[number - 2] : random.pick(Course.allCases)
            let next = try await go(course, number, &random)
            let seen = try await numbers()
            // Where the power was cut nothing loads rules at the boot but what undoes them: see the test of that.
            let isWhole =
                course == .powerCut
                ? seen[1] == confirmed || seen[1] == number : seen == [next ?? confirmed, next ?? confirmed]
            guard isWhole else {
                Issue.record(
                    "TANDEM_TEST_SEED=\(seed), change \(number), \(course): \(seen), confirmed was \(confirmed)")
                return
            }
            confirmed = course == .powerCut ? seen[1] : next ?? confirmed
            if course == .powerCut { _ = try await shell("nft -f \(Self.path)") }
        }
    }

    /// - Returns: the number of the rules that hold where that is certain and they are not the old ones.
    private func go(_ course: Course, _ number: Int, _ random: inout SeededRandom) async throws -> Int? {
        let session = try await LabHosts.session(Self.name, socket: "/tmp/tandem-lab-\(getpid())")
        switch course {
        case .fine:
            #expect(try await Self.change(Self.rules(number)).carryOut(on: session) == .confirmed)
            await session.close()
            return number
        case .locksOut:
            let ways = ["", "tcp dport 2222 accept", "ip saddr 192.0.2.0/24 tcp dport 22 accept", "tcp dport 22 drop"]
            let ending = try await Self.change(Self.rules(number, ssh: random.pick(ways))).carryOut(on: session)
            #expect(ending != .confirmed)
        case .wrongFile:
            let text = Self.rules(number)
            let cut = text.index(text.startIndex, offsetBy: Int.random(in: 70..<text.count - 10, using: &random))
            await #expect(throws: ConfirmedChange.Failure.self) {
                try await Self.change(String(text[..<cut]) + "\nnonsense\n").carryOut(on: session)
            }
        case .cannotBePut:
            var change = Self.change(Self.rules(number))
            change.script.apply += "; false"
            #expect(try await change.carryOut(on: session) != .confirmed)
        case .operatorDies, .powerCut:
            let hasAny = Bool.random(using: &random)
            let change = Self.change(Self.rules(number, ssh: hasAny ? "tcp dport 22 accept" : ""))
            let task = Task { try await change.carryOut(on: session) { _ in try await Task.sleep(for: .seconds(60)) } }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<1500, using: &random)))
            if course == .powerCut { try await LabHosts.lab("kill", Self.name) }
            task.cancel()
            _ = try? await task.value
            await session.close()
            if course == .powerCut {
                try await LabHosts.lab("up", Self.name)
            } else {
                try await Task.sleep(for: .seconds(Self.undoAfterSeconds + 3))
            }
        }
        await session.close()
        return nil
    }

    @Test("A host that went down in the middle has its old files again before anything reads them at the next boot")
    func powerCut() async throws {
        try await begin()
        let first = try await LabHosts.session(Self.name)
        // As the stack's own unit does.
        let unit = """
            [Unit]
            DefaultDependencies=no
            Wants=network-pre.target
            Before=network-pre.target shutdown.target
            After=local-fs.target \(ConfirmedChange.bootUnit)
            [Service]
            Type=oneshot
            RemainAfterExit=yes
            ExecStart=/usr/sbin/nft -f \(Self.path)
            [Install]
            WantedBy=sysinit.target

            """
        _ = try await first.run(
            [
                "/bin/sh", "-c",
                "cat > /etc/systemd/system/test-firewall.service; systemctl enable test-firewall.service",
            ],
            input: Array(unit.utf8))
        #expect(try await Self.change(Self.rules(1)).carryOut(on: first) == .confirmed)
        let change = ConfirmedChange.firewall(rules: Self.rules(2, ssh: ""), path: Self.path, undoAfterSeconds: 600)
        let task = Task { try await change.carryOut(on: first) }
        try await Task.sleep(for: .seconds(4))
        try await LabHosts.lab("kill", Self.name)
        task.cancel()
        _ = try? await task.value
        try await LabHosts.lab("up", Self.name)
        #expect(try await numbers() == [1, 1])
        #expect(try await shell("cat /var/lib/tandem-change/last").hasSuffix(" undone\n"))
        _ = try await shell("systemctl disable test-firewall.service; rm /etc/systemd/system/test-firewall.service")
    }
}
