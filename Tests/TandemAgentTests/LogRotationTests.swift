import CoreFoundation
import Foundation
import Glibc
import Testing

@testable import TandemAgent

@Suite("Logs are kept within a bound")
struct LogRotationTests {
    private let folder: TemporaryFolder
    private var rotation: LogRotation

    init() throws {
        folder = try TemporaryFolder()
        rotation = LogRotation(folder: folder.path, logger: quietLogger)
        rotation.mostBytes = 100
        rotation.kept = 3
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    @Test("a file that is not too large is left alone, and so is one that is no log")
    func small() throws {
        try folder.put("app.log", String(repeating: "x", count: 100))
        try folder.put("data", String(repeating: "x", count: 1000))
        #expect(rotation.rotateAll() == [])
        #expect(try names == ["app.log", "data"])
    }

    @Test("a program that holds its log open goes on at the new end, and no line is lost")
    func append() throws {
        let path = "\(folder.path)/app.log"
        let log = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        defer { close(log) }
        var written: [String] = []
        for number in 0..<30 {
            let line = "line \(number) of several"
            written.append(line)
            #expect(write(log, line + "\n", line.utf8.count + 1) == line.utf8.count + 1)
            #expect(rotation.rotateAll() == [])
        }
        #expect(try names == ["app.log", "app.log.1", "app.log.2", "app.log.3"])
        let kept = ["app.log.3", "app.log.2", "app.log.1", "app.log"].map(folder.text).joined()
        let lines = kept.split(separator: "\n").map(String.init)
        #expect(lines.count >= 12 && lines == Array(written.suffix(lines.count)))
        #expect(folder.text("app.log").utf8.count <= 100)
    }

    @Test("of a file that grew faster than it could be rotated only the end is kept")
    func fast() throws {
        try folder.put("app.log", (0..<1000).map { "line \($0)\n" }.joined())
        #expect(rotation.rotateAll() == [])
        #expect(folder.text("app.log").isEmpty)
        #expect(folder.text("app.log.1").hasSuffix("line 999\n") && folder.text("app.log.1").utf8.count == 100)
    }

    @Test("what is kept can be read by nobody who could not read the log")
    func permissions() throws {
        let path = "\(folder.path)/app.log"
        try folder.put("app.log", String(repeating: "x", count: 200))
        #expect(chmod(path, 0o600) == 0)
        #expect(rotation.rotateAll() == [])
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path).1")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("a link in the place of a log is not followed, nor is a file emptied that has another name too")
    func links() throws {
        let secret = "\(folder.path)/secret"
        try folder.put("secret", String(repeating: "s", count: 1000))
        #expect(symlink(secret, "\(folder.path)/linked.log") == 0)
        #expect(link(secret, "\(folder.path)/hard.log") == 0)
        // What would be overwritten if names were followed.
        try folder.put("app.log", String(repeating: "x", count: 200))
        try folder.put("other", "other")
        #expect(symlink("\(folder.path)/other", "\(folder.path)/app.log.0") == 0)
        #expect(rotation.rotateAll().count == 1)
        #expect(folder.text("secret").utf8.count == 1000)
        #expect(folder.text("other") == "other")
        #expect(folder.text("app.log.1").utf8.count == 200)
    }

    @Test("a link in the place of the folder itself is not followed")
    func linkedFolder() throws {
        try folder.put("app.log", String(repeating: "x", count: 1000))
        let elsewhere = try TemporaryFolder()
        let link = "\(elsewhere.path)/log"
        #expect(symlink(folder.path, link) == 0)
        var rotation = LogRotation(folder: link, logger: quietLogger)
        rotation.mostBytes = 100
        #expect(rotation.rotateAll().count == 1)
        #expect(folder.text("app.log").utf8.count == 1000)
        #expect(try names == ["app.log"])
    }

    @Test(
        "a log that fills the disk is emptied, since nothing of it can be kept",
        .enabled(if: SmallDisk.canBeMade, "mounting a small disk needs root with all its rights"))
    func fullDisk() throws {
        let disk = try SmallDisk()
        let log = "\(disk.folder.path)/app.log"
        let descriptor = open(log, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        defer { close(descriptor) }
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        while write(descriptor, line, line.count) > 0 {}
        var rotation = LogRotation(folder: disk.folder.path, logger: quietLogger)
        rotation.mostBytes = 8192
        #expect(rotation.rotateAll() == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.folder.path) == ["app.log"])
        #expect(disk.folder.text("app.log").isEmpty)
        #expect(write(descriptor, line, line.count) == line.count, "there is room again")
    }
}

/// A file system of 64 KB; unmounted with the value.
private final class SmallDisk {
    let folder: TemporaryFolder

    static var canBeMade: Bool { geteuid() == 0 && (try? SmallDisk()) != nil }

    init() throws {
        folder = try TemporaryFolder()
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else {
            throw StateError("cannot mount a small disk")
        }
    }

    deinit { umount(folder.path) }
}
