import Foundation
import TandemBlueprint
import TandemStack
import Testing

import struct TandemStack.Host

/// `RECORD_GOLDEN=1 swift test --filter Golden` writes the files anew; then read the difference before committing it.
@Suite struct GoldenTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")
    private static let isRecording = ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1"

    @Test(arguments: Sample.all)
    func `every generated file is byte for byte the one on record`(sample: Sample) throws {
        var expected: Set<String> = []
        for host in sample.stack.hosts {
            for (name, contents) in try Self.files(of: sample.blueprint(host)) {
                let path = "\(sample.name)/\(host.name)/\(name)"
                expected.insert(path)
                try Self.compare(contents, with: path)
            }
        }
        let recorded = try Self.recordedFiles(under: sample.name)
        #expect(recorded == expected, "files on record that nothing generates, or the other way round")
    }

    @Test func `every file of an ejected stack is byte for byte the one on record`() throws {
        let stack = Sample.split.stack
        var expected: Set<String> = []
        for host in stack.hosts {
            let ejected = try EjectedHost(
                stack: stack, host: host, names: EjectedNames(stack: stack.name),
                programs: Sample.split.layout(host).programs, leadership: .fixed(primary: "db1", partner: "db2"))
            for file in ejected.files {
                let path = "ejected/\(host.name)/\((file.path as NSString).lastPathComponent)"
                #expect(expected.insert(path).inserted, "two files of the name \(path)")
                try Self.compare(Data(file.contents.utf8), with: path)
            }
        }
        #expect(try Self.recordedFiles(under: "ejected") == expected)
    }

    @Test func `every file that root has on a host with an agent is byte for byte the one on record`() throws {
        let stack = Sample.split.stack
        var expected: Set<String> = []
        for host in [stack.hosts[0], stack.hosts[6]] {
            let wanted = try HostGuard(stack: stack, host: host)
            #expect((wanted.keepalived == nil) != host.has(.balancer))
            let files =
                [wanted.rules, wanted.firewallUnit, wanted.addition]
                + (wanted.keepalived.map { [$0.settings, $0.unit] } ?? [])
            for file in files {
                // Nobody else writes there.
                #expect(file.path.hasPrefix("/etc/tandem/shop/") || file.path.hasPrefix("/etc/systemd/system/"))
                let path = "guard/\(host.name)/\((file.path as NSString).lastPathComponent)"
                #expect(expected.insert(path).inserted, "two files of the name \(path)")
                try Self.compare(Data(file.contents.utf8), with: path)
            }
        }
        #expect(try Self.recordedFiles(under: "guard") == expected)
    }

    @Test(arguments: Sample.all)
    func `the same stack gives the same blueprint every time`(sample: Sample) throws {
        for host in sample.stack.hosts {
            let first = try sample.blueprint(host)
            for _ in 0..<20 { #expect(try sample.blueprint(host) == first) }
        }
    }

    /// The generated files, and everything else in the blueprint as JSON.
    private static func files(of blueprint: HostBlueprint) throws -> [(String, Data)] {
        var files = blueprint.files.map { (($0.path as NSString).lastPathComponent, Data($0.contents.utf8)) }
        var rest = blueprint
        for index in rest.files.indices { rest.files[index].contents = "" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        files.append(("blueprint.json", try encoder.encode(rest) + Data("\n".utf8)))
        return files
    }

    private static func compare(_ contents: Data, with path: String) throws {
        let file = folder.appendingPathComponent(path)
        if isRecording {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try contents.write(to: file)
        }
        guard let recorded = FileManager.default.contents(atPath: file.path) else {
            Issue.record("Golden/\(path) is missing; record it with RECORD_GOLDEN=1 and read it before committing")
            return
        }
        guard recorded != contents else { return }
        let old = String(decoding: recorded, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let new = String(decoding: contents, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let line =
            zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
        let was = line < old.count ? String(old[line]) : "(end)"
        let isNow = line < new.count ? String(new[line]) : "(end)"
        Issue.record("Golden/\(path):\(line + 1) says\n    \(was)\nbut generated is\n    \(isNow)")
    }

    private static func recordedFiles(under name: String) throws -> Set<String> {
        let root = folder.appendingPathComponent(name)
        let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        return Set(paths.filter { !root.appendingPathComponent($0).hasDirectoryPath }.map { "\(name)/\($0)" })
    }
}
