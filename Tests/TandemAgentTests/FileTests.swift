import CoreFoundation
import Foundation
import Glibc
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

private let isRoot = geteuid() == 0

@Suite("A file that is written whole or not at all")
struct AtomicFileTests {
    let folder: TemporaryFolder
    var path: String { "\(folder.path)/file" }

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "has its content and exactly the permissions that were asked for, whatever the umask",
        arguments: [UInt16(0o600), 0o644, 0o666])
    func mode(_ mode: UInt16) throws {
        #expect(try AtomicFile.write("text\n", to: path, mode: mode))
        #expect(folder.text("file") == "text\n")
        #expect(try #require(status(path)).st_mode & 0o7777 == mode_t(mode))
    }

    @Test("is left alone when nothing changes")
    func unchanged() throws {
        try AtomicFile.write("text", to: path)
        let before = try #require(status(path))
        #expect(try AtomicFile.write("text", to: path) == false)
        let after = try #require(status(path))
        #expect(after.st_ino == before.st_ino)
        #expect(after.modified == before.modified)
    }

    @Test("is written again when its content or its permissions differ")
    func changed() throws {
        try AtomicFile.write("text", to: path)
        #expect(try AtomicFile.write("texts", to: path))
        #expect(try AtomicFile.write("texts", to: path, mode: 0o644))
        chmod(path, 0o666)
        #expect(try AtomicFile.write("texts", to: path, mode: 0o644))
        #expect(try #require(status(path)).st_mode & 0o7777 == 0o644)
    }

    @Test("takes the place of a link and leaves alone what that led to")
    func link() throws {
        try folder.put("elsewhere", "mine")
        symlink("\(folder.path)/elsewhere", path)
        #expect(try AtomicFile.write("text", to: path))
        #expect(folder.text("elsewhere") == "mine")
        #expect(try #require(status(path)).st_mode & S_IFMT == S_IFREG)
    }

    @Test("is not written where a link leads that somebody put in the way of its making")
    func plantedLink() throws {
        try folder.put("elsewhere", "mine")
        let planted = "\(path).new-\(getpid())"
        symlink("\(folder.path)/elsewhere", planted)
        #expect(try AtomicFile.write("text", to: path))
        #expect(folder.text("elsewhere") == "mine" && folder.text("file") == "text")
        #expect(try #require(status(path)).st_mode & S_IFMT == S_IFREG)
        #expect(status(planted) == nil)
    }

    @Test("takes the place of a pipe without waiting for a writer")
    func pipe() throws {
        mkfifo(path, 0o600)
        #expect(try AtomicFile.write("text", to: path))
        #expect(folder.text("file") == "text")
    }

    @Test("is never seen half, and leaves no other files behind")
    func whole() async throws {
        let texts = ["a", "b"].map { String(repeating: $0, count: 200_000) }
        try AtomicFile.write(texts[0], to: path)
        let reader = Task { [path] in
            var seen: Set<String> = []
            while !Task.isCancelled { seen.insert((try? String(contentsOfFile: path, encoding: .utf8)) ?? "none") }
            return seen
        }
        for round in 0..<40 { try AtomicFile.write(texts[round % 2], to: path) }
        reader.cancel()
        #expect(await reader.value.isSubset(of: Set(texts)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
    }

    @Test("is an error that names it when it cannot be written, and leaves nothing behind")
    func failure() throws {
        #expect(
            throws: StateError("cannot write \(folder.path)/no/file: No such file or directory")
        ) { try AtomicFile.write("x", to: "\(folder.path)/no/file") }
        try folder.make("file")
        #expect(throws: StateError("cannot write \(path): Is a directory")) { try AtomicFile.write("x", to: path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
    }
}

@Suite("A lock")
struct FileLockTests {
    @Test("is held by one, and free again when that one lets go")
    func exclusive() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/lock"
        var lock = try FileLock(path: path)
        #expect(lock != nil)
        #expect(try FileLock(path: path) == nil)
        lock = nil
        #expect(try FileLock(path: path) != nil)
    }

    @Test("keeps another process out, and falls when its holder is killed")
    func processes() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/lock"
        let holder = try RunningProcess.start(
            ProcessSpecification(
                command: ["/usr/bin/flock", "--no-fork", path, "sh", "-c", "echo held; exec sleep 60"],
                environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/", logFile: "\(folder.path)/log"))
        try await eventually("the other process holds it") { folder.text("log") == "held\n" }
        #expect(try FileLock(path: path) == nil)
        await holder.stop(signal: SIGKILL, bound: .seconds(5))
        #expect(try FileLock(path: path) != nil)
    }

    @Test("is not inherited by the processes that we start")
    func notInherited() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/lock"
        var lock = try FileLock(path: path)
        #expect(lock != nil)
        let process = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sleep", "60"], environment: [:], workingDirectory: "/",
                logFile: "\(folder.path)/log"))
        lock = nil
        #expect(try FileLock(path: path) != nil)
        await process.stop(signal: SIGKILL, bound: .seconds(5))
    }

    @Test("is an error that names it when it cannot be opened")
    func failure() {
        #expect(throws: StateError("cannot open the lock /nowhere/lock: No such file or directory")) {
            try FileLock(path: "/nowhere/lock")
        }
    }
}

@Suite("A folder of ours")
struct FoldersTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("is made with those above it, and gets its permissions back when it is there")
    func makes() throws {
        let path = "\(folder.path)/a/b/c"
        try Folders.make(path)
        #expect(try #require(status(path)).st_mode & 0o7777 == 0o700)
        chmod(path, 0o777)
        try Folders.make(path, mode: 0o711)
        #expect(try #require(status(path)).st_mode & 0o7777 == 0o711)
    }

    @Test("is not a file")
    func file() throws {
        try folder.put("file", "")
        #expect(throws: StateError.self) { try Folders.make("\(folder.path)/file") }
        #expect(throws: StateError.self) { try Folders.makePrivate("\(folder.path)/file") }
    }

    @Test("may be a link of our own to a larger disk")
    func ownLink() throws {
        try folder.make("disk")
        symlink("\(folder.path)/disk", "\(folder.path)/data")
        try Folders.make("\(folder.path)/data", mode: 0o711)
        #expect(try #require(status("\(folder.path)/disk")).st_mode & 0o7777 == 0o711)
    }

    @Test("is not another user's link to what we own", .enabled(if: isRoot, "making another user's link needs root"))
    func othersLink() throws {
        try folder.make("etc")
        let link = "\(folder.path)/tls"
        symlink("\(folder.path)/etc", link)
        lchown(link, 65_534, 65_534)
        #expect(throws: StateError("\(link) is a link that somebody else made; remove it and try again")) {
            try Folders.make(link)
        }
        #expect(try #require(status("\(folder.path)/etc")).st_uid == 0)
    }

    @Test("below a folder that everybody may write to is refused when it is a link, even one of ours")
    func privateLink() throws {
        try folder.make("real")
        symlink("\(folder.path)/real", "\(folder.path)/sockets")
        #expect(
            throws: StateError(
                "\(folder.path)/sockets is not a folder of ours: somebody else put it there; remove it and try again")
        ) { try Folders.makePrivate("\(folder.path)/sockets") }
    }

    @Test("below a folder that everybody may write to is refused when it is another user's")
    func privateOther() throws {
        if isRoot {
            try folder.make("sockets")
            chown("\(folder.path)/sockets", 12_345, 12_345)
            #expect(throws: StateError.self) { try Folders.makePrivate("\(folder.path)/sockets") }
        } else {
            // Root's, and there on every machine.
            #expect(throws: StateError.self) { try Folders.makePrivate("/usr") }
        }
    }

    @Test("below a folder that everybody may write to is closed to all others")
    func private_() throws {
        let path = "\(folder.path)/sockets"
        for _ in 0..<2 {
            try Folders.makePrivate(path)
            #expect(try #require(status(path)).st_mode & 0o7777 == 0o700)
            chmod(path, 0o777)
        }
    }
}

@Suite("The end of a log")
struct LogTailTests {
    @Test("is its last lines")
    func lines() throws {
        let folder = try TemporaryFolder()
        try folder.put("log", "one\ntwo\n\nthree\nfour")
        #expect(LogTail.lastLines(of: "\(folder.path)/log", count: 3) == ["two", "three", "four"])
        #expect(LogTail.lastLines(of: "\(folder.path)/log", count: 0) == [])
    }

    @Test("is the same where lines end in CR LF, and of a progress bar what was written last")
    func carriageReturns() throws {
        let folder = try TemporaryFolder()
        try folder.put("log", "one\r\ntwo\r\n\r\n 1 %\r99 %\rdone\r\n")
        #expect(LogTail.lastLines(of: "\(folder.path)/log", count: 3) == ["one", "two", "done"])
    }

    @Test("leaves out what lies before a mark, unless the log was emptied since")
    func mark() throws {
        let folder = try TemporaryFolder()
        let log = "\(folder.path)/log"
        #expect(LogTail.end(of: log) == 0)
        try folder.put("log", "one\ntwo\n")
        let mark = LogTail.end(of: log)
        #expect(mark == 8)
        #expect(LogTail.lastLines(of: log, count: 3, after: mark) == [])
        try folder.put("log", "one\ntwo\nthree\n")
        #expect(LogTail.lastLines(of: log, count: 3, after: mark) == ["three"])
        try folder.put("log", "new\n")
        #expect(LogTail.lastLines(of: log, count: 3, after: mark) == ["new"])
    }

    @Test(
        "begins with the error that a longer report is about",
        arguments: [
            "Error: Cannot find module 'express'", "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'",
            "TypeError: app.listen is not a function", "PHP Fatal error:  Uncaught Exception: no",
            "panic: runtime error: index out of range", "app.rb:1:in `require': cannot load such file -- x (LoadError)",
        ])
    func report(error: String) {
        let frames = (1...15).map { "    at Error: \($0) (node:internal/modules/cjs/loader:1207:15)" }
        let report = ["Error: an earlier one", "  throw err;", error] + frames + ["Node.js v20"]
        #expect(LogTail.telling(report, count: 2) == [error, frames[14], "Node.js v20"])
        #expect(LogTail.telling(frames, count: 2) == Array(frames.suffix(2)), "nothing names one")
        let python = ["Error: an earlier one", "Traceback (most recent call last):", "  File", error]
        #expect(LogTail.telling(python, count: 2) == ["  File", error], "it is there already")
    }

    @Test("is empty where there is no log")
    func missing() { #expect(LogTail.lastLines(of: "/nowhere/log", count: 3) == []) }

    @Test("costs no more than 64 KB, however long the log and its lines are")
    func bounds() throws {
        let folder = try TemporaryFolder()
        try folder.put("log", String(repeating: "x", count: 3_000_000) + "\nlast\n")
        let lines = LogTail.lastLines(of: "\(folder.path)/log", count: 10)
        #expect(lines.last == "last")
        #expect(lines.map(\.count).reduce(0, +) < 65536)
    }
}
