import Foundation
import Glibc
import TandemAgent
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("The time that a log line begins with")
struct LogTimestampTests {
    /// 2026-01-02T03:04:05Z, by date(1).
    private static let moment = 1_767_323_045.0

    @Test(
        "is read in every form that our services write",
        arguments: [
            ("2026-01-02T03:04:05.678Z 0 [Note] mysqld: ready", 0.678),
            ("2026-01-02T03:04:05.678901Z 12", 0.678901),
            ("2026-01-02T03:04:05Z info agent", 0),
            ("2026-01-02T03:04:05+00:00 127.0.0.1 GET /", 0),
            ("2026-01-02T05:34:05.007+02:30 127.0.0.1 GET /", 0.007),
            ("2026-01-02T05:34:05.25+02:30 x", 0.25),
            ("2026-01-02T05:34:05+0230 x", 0),
            ("2026-01-01T22:04:05-05:00 x", 0),
            ("2026-01-02 04:04:05 naive", 0),
            ("2026/01/02 04:04:05 [error] 12#12: *1 upstream", 0),
            ("2026-01-02T03:04:05Z", 0),
            (#"{"level":"info","ts":"2026-01-02T03:04:05.678901Z","caller":"embed/etcd.go:1","msg":"x"}"#, 0.678901),
        ])
    func known(_ line: String, _ fraction: Double) throws {
        let time = try #require(LogTimestamp.parse(line, localOffset: 3600))
        #expect(abs(time - Self.moment - fraction) < 1e-6)
    }

    @Test("is right on leap days and around the turn of the year, like Foundation's")
    func calendar() throws {
        for text in [
            "1970-01-01T00:00:00Z", "2000-02-29T12:00:00Z", "2024-02-29T23:59:59Z", "2024-12-31T23:59:59Z",
            "2025-01-01T00:00:00Z", "2100-03-01T00:00:00Z", "2096-02-29T00:00:00Z",
        ] {
            let expected = try Date(text, strategy: .iso8601).timeIntervalSince1970
            #expect(LogTimestamp.parse(text, localOffset: 0) == expected, "\(text)")
        }
    }

    @Test(
        "is not there in anything else",
        arguments: [
            "", "2", "hello", "2026", "2026-01-02", "2026-01-02T03:04", "2026-13-02T03:04:05Z", "2026-01-32T03:04:05Z",
            "2026-00-02T03:04:05Z", "2026-01/02 03:04:05", "20260102T030405Z", "2026-01-02X03:04:05",
            " 2026-01-02T03:04:05Z",
            "2026-01-02T24:04:05Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:61Z", "²⁰²⁶-01-02T03:04:05Z",
            "[2026-01-02T03:04:05Z]", "\u{0}\u{1}\u{2}", "Traceback (most recent call last):",
        ])
    func garbage(_ line: String) { #expect(LogTimestamp.parse(line, localOffset: 0) == nil) }

    @Test("never makes the program fall over, whatever a line holds")
    func fuzz() {
        let pieces = [
            "2026", "-01-", "9999999999", "T", ":", "Z", "+", "-", ".", "99", "/", " ", "😀", "\u{0}",
            "0001-01-01T00:00:00",
        ]
        var state: UInt64 = 7
        for _ in 0..<5000 {
            var line = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                line += pieces[Int(state >> 33) % pieces.count]
            }
            if let time = LogTimestamp.parse(line, localOffset: 3600) { #expect(time.isFinite) }
        }
    }
}

@Suite("The logs of all hosts")
struct LogReaderTests {
    private let temporary: TemporaryFolder
    private let folder: StackFolder

    init() throws {
        temporary = try TemporaryFolder()
        folder = StackFolder(path: temporary.path, environment: [:])
    }

    private func put(_ host: String, _ service: String, _ text: String) throws {
        try temporary.put("hosts/\(host)/log/\(service).log", text)
    }

    private func text(_ only: String? = nil, lines: Int = 100) -> [String] {
        LogReader(applied: Sample.applied(), folder: folder, only: only)
            .text(lines: lines, style: Style(isColored: false)).split(separator: "\n").map(String.init)
    }

    @Test("are one, in order of time, each line with its host and service")
    func merged() throws {
        try put("server1", "app", "2026-01-02T03:04:05.1Z one\n2026-01-02T03:04:05.3Z three\n")
        try put("lb1", "haproxy", "2026-01-02T03:04:05.2Z two\n2026-01-02T03:04:05.4Z four\n")
        #expect(
            text() == [
                "server1 app          │ 2026-01-02T03:04:05.1Z one",
                "lb1     haproxy      │ 2026-01-02T03:04:05.2Z two",
                "server1 app          │ 2026-01-02T03:04:05.3Z three",
                "lb1     haproxy      │ 2026-01-02T03:04:05.4Z four",
            ])
    }

    @Test("put what the servers say of one request in order, though their times have different forms")
    func oneRequest() throws {
        try put("lb1", "haproxy", "2026-01-02T03:04:05.679012+00:00 lb1 haproxy[1]: third id=1\n")
        try put("server1", "nginx-access", "2026-01-02T05:34:05.678+02:30 127.0.0.1 second id=1\n")
        try put("server1", "app", "2026-01-02T03:04:05.677Z first id=1\n")
        #expect(text().map { $0.split(separator: " ").suffix(2).first } == ["first", "second", "third"])
    }

    @Test("keep the lines of a stack trace together with the line that they belong to")
    func continuation() throws {
        try put("server1", "app", "2026-01-02T03:04:05Z error\n  at a\n  at b\n2026-01-02T03:04:07Z on\n")
        try put("server2", "app", "2026-01-02T03:04:05Z other\n2026-01-02T03:04:06Z more\n")
        let words = text().map { $0.split(separator: "│ ").last.map(String.init) ?? "" }
        #expect(
            words == [
                "2026-01-02T03:04:05Z error", "  at a", "  at b", "2026-01-02T03:04:05Z other",
                "2026-01-02T03:04:06Z more", "2026-01-02T03:04:07Z on",
            ])
    }

    @Test("show the newest of an app that writes no times, though others write much")
    func untimed() throws {
        try put("lb1", "haproxy", (0..<50).map { "2026-01-02T03:04:\($0 + 10)Z \($0)\n" }.joined())
        try put("server1", "app", "listening\n")
        #expect(text(lines: 5).last == "server1 app          │ listening")
    }

    @Test("put what stands before the first time with that time, not at the end")
    func beginning() throws {
        try put("server1", "app", "starting\n2026-01-02T03:04:05Z up\n")
        try put("server2", "app", "2026-01-02T03:04:06Z up\n")
        #expect(text().first?.hasSuffix("starting") == true)
        #expect(text().last?.hasPrefix("server2") == true)
    }

    @Test("can be those of one service with its instances, of one host, or only the newest lines")
    func selected() throws {
        for (host, service) in [
            ("server1", "app"), ("server1", "app-2"), ("server2", "nginx-access"), ("server2", "mysql"),
        ] {
            try put(host, service, "2026-01-02T03:04:05Z \(host) \(service)\n")
        }
        try put("server1", "agent", "2026-01-02T03:04:06Z agent\n")
        #expect(text("app").count == 2)
        #expect(text("nginx").count == 1)
        #expect(text("server1").count == 3)
        #expect(text("agent").count == 1)
        #expect(text().count == 4)
        #expect(text(lines: 2).count == 2)
        #expect(text(lines: 0).isEmpty)
    }

    @Test("reach the terminal without control characters that strangers sent")
    func control() throws {
        try put("lb1", "haproxy", "a\u{1B}[2Jb\u{7}\u{9B}31mc\td\u{7F}\r\n")
        #expect(text().first?.hasSuffix("│ a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}31mc\td\u{FFFD}") == true)
    }

    @Test("show lines that end in CR LF as others, and of a progress bar what a terminal would show at last")
    func carriageReturns() throws {
        try put("server1", "app", "one\r\ntwo\r\n 1 %\r50 %\r100 %\nand \rblank\r\r\n\r\nend\n")
        let words = text().map { $0.split(separator: "│ ").last.map(String.init) ?? "" }
        #expect(words == ["one", "two", "100 %", "blank", "end"])
    }
}

@Suite("A log file that is followed")
struct LogSourceTests {
    private let temporary: TemporaryFolder
    private var source: LogSource

    init() throws {
        temporary = try TemporaryFolder()
        source = LogSource(host: "server1", service: "app", path: "\(temporary.path)/log")
    }

    private mutating func new() -> [String] { source.newLines(localOffset: 0).map(\.text) }

    @Test("gives each line once, also where there is no file yet")
    mutating func once() throws {
        #expect(new() == [])
        try temporary.put("log", "a\nb\n")
        #expect(new() == ["a", "b"])
        #expect(new() == [])
        try temporary.append("log", "c\n".utf8)
        #expect(new() == ["c"])
    }

    @Test("gives a line when it is whole, also when a character was cut in half")
    mutating func half() throws {
        let bytes = Array("über uns\n".utf8)
        try temporary.put("log", "")
        try temporary.append("log", bytes.prefix(1))
        #expect(new() == [])
        try temporary.append("log", bytes.dropFirst(1))
        #expect(new() == ["über uns"])
    }

    @Test("begins anew when it was truncated")
    mutating func truncated() throws {
        try temporary.put("log", "one\ntwo\nha")
        #expect(new() == ["one", "two"])
        try temporary.put("log", "x\n")
        #expect(new() == ["x"])
    }

    @Test("begins anew when another file has its name")
    mutating func rotated() throws {
        try temporary.put("log", "one\ntw")
        #expect(new() == ["one"])
        try FileManager.default.moveItem(atPath: "\(temporary.path)/log", toPath: "\(temporary.path)/log.1")
        try temporary.put("log", "three, longer than before\n")
        #expect(new() == ["three, longer than before"])
    }

    @Test("loses no line when it is copied and emptied, and shows none twice")
    mutating func copied() throws {
        let long = String(repeating: "x", count: 200)
        try temporary.put("log", "\(long)\n")
        #expect(new() == [long])
        try temporary.append("log", "two\n".utf8)
        try temporary.put("log.1", "\(long)\ntwo\n")
        #expect(new() == ["two"], "it is copied, and not yet emptied")
        try temporary.append("log", "three\nfo".utf8)
        try temporary.append("log.1", "three\nfo".utf8)
        try temporary.put("log", "ur\n")
        #expect(new() == ["three", "four"])
        try temporary.append("log", "five\n\(long)\n".utf8)
        try FileManager.default.copyItem(atPath: "\(temporary.path)/log", toPath: "\(temporary.path)/log.0")
        #expect(rename("\(temporary.path)/log.0", "\(temporary.path)/log.1") == 0)
        try temporary.put("log", "six\n")
        #expect(new() == ["five", long, "six"])
    }

    @Test("that was just emptied begins with the lines before that")
    mutating func justRotated() throws {
        try temporary.put("log.1", "one\ntwo\n")
        try temporary.put("log", "three\n")
        #expect(new() == ["one", "two", "three"])
    }

    @Test("is skipped to its newest lines when it is far ahead, and none of them is cut")
    mutating func farBehind() throws {
        let lines = (0..<400_000).map { "line \($0)" }
        try temporary.put("log", lines.joined(separator: "\n") + "\n")
        let read = new()
        #expect(read.count < lines.count && read.count > 100_000)
        #expect(read == Array(lines.suffix(read.count)))
    }

    @Test("shows what stands around a line of many megabytes, and of that line its beginning")
    mutating func longLine() throws {
        let long = String(repeating: "x", count: 6 << 20)
        try temporary.put("log", "before\n\(long)\nafter\n\(long)\n")
        let read = new()
        #expect(read.count == 4 && read.first == "before" && read.dropFirst(2).first == "after")
        for line in [read.dropFirst().first, read.last] {
            #expect(line.map { $0.hasPrefix("xxx") && $0.hasSuffix("…") && $0.utf8.count < 70_000 } == true)
        }
    }

    @Test("is shown in pieces when its line has no end, rather than kept in memory")
    mutating func endless() throws {
        try temporary.put("log", String(repeating: "x", count: 70_000))
        #expect(new().map(\.count) == [70_000])
        try temporary.append("log", "y\n".utf8)
        #expect(new() == ["y"])
    }
}
