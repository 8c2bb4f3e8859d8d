import Foundation
import Glibc
import Subprocess
import Synchronization
import SystemPackage
import Testing

@testable import TandemEngines

@Suite struct StoreTests {
    @Test func theFolderFollowsFromTheEnvironmentAndTheUser() {
        func folder(_ environment: [String: String], isRoot: Bool = false) -> String {
            EngineStore.defaultFolder(environment: environment, isRoot: isRoot)
        }
        #expect(folder(["HOME": "/home/ann"]) == "/home/ann/.cache/tandem/engines")
        #expect(folder(["HOME": "/home/ann", "XDG_CACHE_HOME": "/c"]) == "/c/tandem/engines")
        #expect(folder(["HOME": "/root"], isRoot: true) == "/var/lib/tandem/engines")
        #expect(folder(["TANDEM_ENGINES": "/e", "HOME": "/root"], isRoot: true) == "/e")
    }

    @Test(
        "A folder that cannot be used is an error that says why",
        arguments: [("relative", "not absolute"), ("/tmp/a:b", "contains :")])
    func badFolder(folder: String, part: String) async {
        let error = await #expect(throws: EngineError.self) {
            try await EngineStore(folder: folder).install([.haproxy])
        }
        #expect(error?.reason == .folder)
        #expect(error?.what.contains(part) == true, "\(error?.what ?? "")")
        #expect(error?.next.contains("TANDEM_ENGINES") == true)
    }

    @Test func aFileInTheFoldersPlaceIsAnErrorAndStaysAsItWas() async throws {
        try await withTemporaryFolder { folder in
            try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(folder)/file"))
            #expect(chmod("\(folder)/file", 0o640) == 0)
            let error = await #expect(throws: EngineError.self) {
                try await EngineStore(folder: "\(folder)/file/engines").install([.haproxy])
            }
            #expect(error?.reason == .folder)
            #expect(error?.what.contains("not a folder") == true)
            var status = stat()
            #expect(stat("\(folder)/file", &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o640)
        }
    }

    @Test func missingKeysAreNamedTogetherWithTheirPackage() async throws {
        try await withTemporaryFolder { folder in
            let store = EngineStore(folder: folder, archive: DebianArchive(keyring: "\(folder)/none.gpg"))
            let error = await #expect(throws: EngineError.self) { try await store.install([.haproxy]) }
            #expect(error?.reason == .keyring)
            #expect(error?.next.contains("apt-get install debian-archive-keyring") == true)
        }
    }

    @Test func twoTasksOfOneProcessExcludeEachOther() async throws {
        try await withTemporaryFolder { folder in
            let inside = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await EngineStore(folder: folder).locked {
                            inside.enter()
                            try await Task.sleep(for: .milliseconds(20))
                            inside.leave()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(inside.most == 1)
            #expect(inside.runs == 4)
        }
    }

    @Test func aStoreThatAnotherProcessHoldsNamesThatProcess() async throws {
        try await withTemporaryFolder { folder in
            let events = Mutex<[EngineProgress]>([])
            let script = "exec 9>>\"$0\"; flock 9 || exit 1; echo $$ >&9; echo locked; exec sleep 60"
            let outcome = try await Subprocess.run(
                .name("bash"), arguments: ["-c", script, "\(folder)/\(StoreLock.name)"], input: .none,
                output: .sequence, error: .discarded
            ) { process in
                for try await line in process.standardOutput.strings() where line == "locked" { break }
                let store = EngineStore(folder: folder, lockBound: .milliseconds(300)) { event in
                    events.withLock { $0.append(event) }
                }
                let error = await #expect(throws: EngineError.self) { try await store.install([.haproxy]) }
                #expect(error?.reason == .locked)
                let holder = process.processIdentifier.value
                #expect(error?.what.contains("process \(holder) ") == true)
                #expect(events.withLock { $0 } == [.waiting(holder: holder)])
                // The kernel frees the lock of a process that dies, however it dies.
                #expect(kill(process.processIdentifier.value, SIGKILL) == 0)
                let patient = EngineStore(folder: folder, lockBound: .seconds(30))
                try await patient.locked {}
            }
            #expect(!outcome.terminationStatus.isSuccess)
        }
    }

    @Test func remainsOfAnInterruptedRunAreSweptAndNothingElse() throws {
        try withTemporaryFolder { folder in
            for name in ["haproxy-3.0.11-0a0a0a0a", "mysql-9.7.4-0b0b0b0b", "of-the-user"] {
                try makeFolder("\(folder)/\(name)/usr")
            }
            var file = RecordFile()
            file.engines.append(
                EngineRecord(
                    engine: .mysql, version: "9.7.4", prefix: "\(folder)/mysql-9.7.4-0b0b0b0b", programs: [:],
                    packages: [], bytes: 0, installedAt: Date(), isCurrent: true))
            try EngineStore(folder: folder).sweep(file)
            #expect(names(in: folder) == ["mysql-9.7.4-0b0b0b0b", "of-the-user"])
        }
    }

    @Test func aRecordThatPointsElsewhereDeletesNothingThere() async throws {
        try await withTemporaryFolder { folder in
            try makeFolder("\(folder)/store")
            try makeFolder("\(folder)/precious/haproxy-1.0-0a0a0a0a")
            var file = RecordFile()
            file.engines = ["precious", "precious/haproxy-1.0-0a0a0a0a"].map { name in
                EngineRecord(
                    engine: .haproxy, version: "1.0", prefix: "\(folder)/\(name)", programs: [:], packages: [],
                    bytes: 0, installedAt: Date(timeIntervalSince1970: 0), isCurrent: false)
            }
            try file.write(folder: "\(folder)/store")
            try await EngineStore(folder: "\(folder)/store").remove()
            #expect(names(in: "\(folder)/precious") == ["haproxy-1.0-0a0a0a0a"])
        }
    }

    @Test func anEngineThatRunsIsNotRemoved() async throws {
        try await withTemporaryFolder { folder in
            let prefix = "\(folder)/haproxy-3.0.11-0a0a0a0a"
            try makeFolder("\(prefix)/usr/sbin")
            try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: "\(prefix)/usr/sbin/haproxy")
            var file = RecordFile()
            file.engines.append(
                EngineRecord(
                    engine: .haproxy, version: "3.0.11", prefix: prefix, programs: [:], packages: [], bytes: 0,
                    installedAt: Date(timeIntervalSince1970: 0), isCurrent: true))
            try file.write(folder: folder)
            let store = EngineStore(folder: folder)
            _ = try await Subprocess.run(
                .path(FilePath("\(prefix)/usr/sbin/haproxy")), arguments: ["60"], input: .none, output: .discarded,
                error: .discarded
            ) { process in
                let error = await #expect(throws: EngineError.self) { try await store.remove([.haproxy]) }
                #expect(error?.reason == .inUse)
                #expect(error?.what.contains("\(process.processIdentifier.value)") == true)
                #expect(FileManager.default.fileExists(atPath: prefix))
                #expect(kill(process.processIdentifier.value, SIGKILL) == 0)
            }
            #expect(try await store.remove([.haproxy]).map(\.prefix) == [prefix])
            #expect(!FileManager.default.fileExists(atPath: prefix))
            #expect(try store.list().isEmpty)
        }
    }

    @Test func aCommandThatHangsIsEnded() async {
        let error = await #expect(throws: EngineError.self) {
            try await Command("sleep", ["600"], timeout: .milliseconds(200)).run()
        }
        #expect(error?.reason == .command)
    }
}

/// Counts how many are inside at once.
private final class Counter: Sendable {
    private let state = Mutex((now: 0, most: 0, runs: 0))

    var most: Int { state.withLock { $0.most } }
    var runs: Int { state.withLock { $0.runs } }

    func enter() {
        state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
    }

    func leave() {
        state.withLock {
            $0.now -= 1
            $0.runs += 1
        }
    }
}
