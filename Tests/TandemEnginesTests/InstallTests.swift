import Foundation
import Subprocess
import Synchronization
import Testing

@testable import TandemEngines

/// With the real apt, against the mirror of the machine that runs the tests.
@Suite(.timeLimit(.minutes(10))) struct InstallTests {
    @Test func indexesThatAreNotSignedWithDebiansKeysAreRefused() async throws {
        // Keys that Debian has withdrawn: real ones, but not those of today's signatures.
        let keyring = "/usr/share/keyrings/debian-archive-removed-keys.gpg"
        try #require(FileManager.default.fileExists(atPath: keyring), "install debian-archive-keyring")
        try await withTemporaryFolder { folder in
            let store = EngineStore(folder: folder, archive: DebianArchive(keyring: keyring))
            let error = await #expect(throws: EngineError.self) { try await store.install([.haproxy]) }
            #expect(error?.reason == .signature)
            #expect(error?.description.contains(keyring) == true)
            let records = try store.list()
            #expect(records.isEmpty)
            #expect(!names(in: folder).contains { $0.hasPrefix("haproxy") })
        }
    }

    @Test func aMirrorThatCannotBeReachedIsAnErrorThatSaysWhatToDo() async throws {
        try await withTemporaryFolder { folder in
            let nowhere = "http://127.0.0.1:9/debian"
            let store = EngineStore(
                folder: folder, archive: DebianArchive(mirror: nowhere, securityMirror: nowhere))
            let error = await #expect(throws: EngineError.self) { try await store.install([.haproxy]) }
            #expect(error?.reason == .network)
            #expect(error?.what.contains("127.0.0.1:9") == true)
            #expect(error?.next.contains("http_proxy") == true)
            #expect(error?.next.contains("`engines:`") == true)
        }
    }

    @Test func anInterruptedInstallGoesOnAndASecondOneTakesNothing() async throws {
        // Deep, and with a space: the path goes into apt's settings and into the programs.
        try await withTemporaryFolder { root in
            let folder = "\(root)/\(String(repeating: "deep/", count: 24))a store"
            let events = Mutex<[EngineProgress]>([])
            let store = EngineStore(folder: folder) { event in events.withLock { $0.append(event) } }

            let unpacking = AsyncStream.makeStream(of: Void.self)
            let interrupted = EngineStore(folder: folder) { event in
                if case .unpacking = event { unpacking.continuation.finish() }
            }
            let run = Task {
                // Also when it fails before it unpacks anything, as without a network.
                defer { unpacking.continuation.finish() }
                return try await interrupted.install([.haproxy])
            }
            for await _ in unpacking.stream {}
            run.cancel()
            await #expect(throws: (any Error).self) { try await run.value }
            #expect(try store.list().isEmpty)

            // One of the files that were fetched is spoilt meanwhile.
            let archives = "\(AptWorkspace.folder(of: .trixie, store: folder))/archives"
            let victim = try #require(names(in: archives).first { $0.hasPrefix("libpcre2") })
            try spoil("\(archives)/\(victim)")

            let record = try #require(try await store.install([.haproxy]).first)
            let fetched = events.withLock { $0 }.compactMap { event in
                if case .downloading(_, let package, _, _, _, _) = event { package } else { nil }
            }
            #expect(fetched == ["libpcre2-8-0"])
            try await check(record, store: store, folder: folder)

            events.withLock { $0 = [] }
            let before = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(RecordFile.name)")
            #expect(try await store.install([.haproxy]) == [record])
            #expect(events.withLock { $0 }.isEmpty)
            let after = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(RecordFile.name)")
            #expect(before[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)

            // The newest is there already: an update looks, and changes nothing.
            #expect(try await store.update() == [.unchanged(record)])
            #expect(try store.list() == [record])
        }
    }

    @Test func whatAnotherMachineHasFetchedIsInstalledWithoutANetwork() async throws {
        try await withTemporaryFolder { root in
            let architecture = try await DebianMachine.ask().architecture
            let there = EngineStore(folder: "\(root)/there")
            let names = try await there.fetch([.haproxy], architecture: architecture)
            #expect(names == ["apt-trixie"])
            #expect(try there.list().isEmpty)

            // As a host that is cut off has it: no mirror, no keys, another place.
            let nowhere = DebianArchive(
                mirror: "http://127.0.0.1:9/debian", securityMirror: "http://127.0.0.1:9/debian-security",
                keyring: "/none")
            let store = EngineStore(folder: "\(root)/here", archive: nowhere)
            func bring() throws {
                try FileManager.default.createDirectory(atPath: store.folder, withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    atPath: "\(there.folder)/apt-trixie", toPath: "\(store.folder)/apt-trixie")
            }
            try bring()
            let archives = "\(AptWorkspace.folder(of: .trixie, store: store.folder))/archives"
            let victim = try #require(TandemEngines.names(in: archives).first { $0.hasPrefix("libpcre2") })
            try spoil("\(archives)/\(victim)")
            let error = await #expect(throws: EngineError.self) { try await store.install([.haproxy]) }
            #expect(error?.reason == .network && error?.next.contains("apt-trixie") == true)
            #expect(try store.list().isEmpty)

            try FileManager.default.removeItem(atPath: "\(store.folder)/apt-trixie")
            try bring()
            let record = try #require(try await store.install([.haproxy]).first)
            try await check(record, store: store, folder: store.folder)
            try await there.forgetFetched()
            #expect(TandemEngines.names(in: there.folder) == ["lock"])
        }
    }

    private func check(_ record: EngineRecord, store: EngineStore, folder: String) async throws {
        #expect(try store.list() == [record])
        #expect(try store.installed() == nil, "nginx and MySQL are missing")
        #expect(record.packages.contains { $0.name == "haproxy" && $0.suite.hasPrefix("trixie") })
        #expect(record.packages.allSatisfy { $0.sha256.count == 64 && $0.bytes > 0 })
        #expect(names(in: folder) == ["engines.json", (record.prefix as NSString).lastPathComponent, "lock"])
        let haproxy = try #require(record.programs["haproxy"])
        let libraries = try await Subprocess.run(
            .name("ldd"), arguments: [haproxy], output: .string(limit: 100_000), error: .discarded)
        let outside = libraries.standardOutput.split(separator: "\n").filter {
            $0.contains("/") && !$0.contains(record.prefix)
        }
        #expect(outside.isEmpty, "every library comes from the prefix")
        #expect(libraries.standardOutput.contains("\(record.prefix)/usr/lib/"))
    }

    /// Changes one byte, not the size.
    private func spoil(_ path: String) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: 1000)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: 1000)
        try file.write(contentsOf: [byte ^ 0xff])
        try file.close()
    }
}
