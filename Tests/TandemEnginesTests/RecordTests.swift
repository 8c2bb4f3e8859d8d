import Foundation
import Testing

@testable import TandemEngines

@Suite struct RecordTests {
    @Test func whatIsRecordedIsReadBack() throws {
        try withTemporaryFolder { folder in
            var file = RecordFile()
            file.add(record(.haproxy, "3.0.11", prefix: "\(folder)/haproxy-a"))
            file.add(record(.mysql, "9.7.4", prefix: "\(folder)/mysql-a"))
            try file.write(folder: folder)
            #expect(try RecordFile.read(folder: folder) == file)
            #expect(try EngineStore(folder: folder).list().map(\.version) == ["3.0.11", "9.7.4"])
        }
    }

    @Test func enginesOfALaterVersionAreLeftOut() throws {
        try withTemporaryFolder { folder in
            var file = RecordFile()
            file.add(record(.haproxy, "3.0.11", prefix: "\(folder)/haproxy-a"))
            file.add(record(.etcd, "3.5.30", prefix: "\(folder)/etcd-a"))
            try file.write(folder: folder)
            let path = URL(fileURLWithPath: "\(folder)/\(RecordFile.name)")
            let text = try String(contentsOf: path, encoding: .utf8)
            let later = text.replacing("\"engine\" : \"etcd\"", with: "\"engine\" : \"varnish\"")
            #expect(later != text)
            try Data(later.utf8).write(to: path)
            #expect(try EngineStore(folder: folder).list().map(\.version) == ["3.0.11"])
            // What is no record of any engine is damaged.
            try Data(text.replacing("\"version\" : \"3.5.30\"", with: "\"version\" : 1").utf8).write(to: path)
            #expect(throws: EngineError.self) { try EngineStore(folder: folder).list() }
        }
    }

    @Test func aDamagedRecordIsAnErrorAndNotAnEmptyStore() throws {
        try withTemporaryFolder { folder in
            try Data("{".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(RecordFile.name)"))
            #expect(throws: EngineError.self) { try EngineStore(folder: folder).installed() }
        }
    }

    @Test(arguments: [0, 2])
    func aRecordOfAnotherFormatIsNotGuessedAt(_ format: Int) throws {
        try withTemporaryFolder { folder in
            var file = RecordFile()
            file.format = format
            try file.write(folder: folder)
            let error = #expect(throws: EngineError.self) { try RecordFile.read(folder: folder) }
            #expect(error?.what == "it has format \(format), not 1")
        }
    }

    @Test func packagesOfASuiteThatIsAwayAreFoundAmongOthers() {
        var known = record(.nginx, "1.26.3", prefix: "/x/nginx-a")
        var library = known.packages[0]
        library.suite = "trixie-security"
        known.packages.append(library)
        #expect(known.hasPackages(from: ["trixie-security"]))
        #expect(!known.hasPackages(from: ["sid"]) && !known.hasPackages(from: []))
    }

    @Test func onlyANetworkIsGoneAroundNeverASignature() {
        let main = AptSource(base: "http://near.example/debian", suite: "trixie", isOptional: false)
        let security = AptSource(base: "http://near.example/security", suite: "trixie-security", isOptional: true)
        func way(_ reason: EngineError.Reason, _ sources: [AptSource], stale: Bool, index: Bool) -> AptWorkspace.Way {
            .after(reason, of: sources, allowsStale: stale, hasIndex: index)
        }
        for reason in [EngineError.Reason.signature, .checksum, .packages] {
            for sources in [[], [main], [security], [main, security]] {
                #expect(way(reason, sources, stale: true, index: true) == .none)
            }
        }
        #expect(way(.network, [security], stale: true, index: true) == .withoutThem)
        #expect(way(.network, [security], stale: false, index: false) == .withoutThem)
        for sources in [[], [main], [main, security]] {
            #expect(way(.network, sources, stale: true, index: true) == .stale)
            #expect(way(.network, sources, stale: false, index: true) == .none)
            #expect(way(.network, sources, stale: true, index: false) == .none)
        }
    }

    @Test func anUpdateKeepsTheOldRecordButNoLongerUsesIt() {
        var file = RecordFile()
        file.add(record(.nginx, "1.26.3", prefix: "/x/nginx-a"))
        file.add(record(.nginx, "1.28.0", prefix: "/x/nginx-b"))
        #expect(file.engines.map(\.isCurrent) == [false, true])
        #expect(file.current(.nginx)?.version == "1.28.0")
    }

    @Test func anEngineWhoseProgramIsGoneIsNotInstalled() throws {
        try withTemporaryFolder { folder in
            var file = RecordFile()
            file.add(record(.haproxy, "3.0.11", prefix: "\(folder)/haproxy-a"))
            #expect(file.intact([.haproxy]) == nil)
            try makeProgram("\(folder)/haproxy-a/haproxy", "exit 0")
            #expect(file.intact([.haproxy])?.count == 1)
            #expect(file.intact([.haproxy, .nginx]) == nil)
        }
    }

    @Test func mysqlStaysInItsSeriesUnlessAllowed() throws {
        let known = record(.mysql, "9.7.4", prefix: "/x/mysql-a")
        try EngineStore.checkSeries(from: known, to: Version(9, 7, 5), allowsChange: false)
        try EngineStore.checkSeries(from: known, to: Version(10, 0, 1), allowsChange: true)
        let error = #expect(throws: EngineError.self) {
            try EngineStore.checkSeries(from: known, to: Version(10, 0, 1), allowsChange: false)
        }
        #expect(error?.reason == .series)
        #expect(error?.description.contains("10.0") == true)
        #expect(error?.description.contains("--allow-series-change") == true)
    }

    @Test func etcdStaysInItsSeriesUnlessAllowed() throws {
        let known = record(.etcd, "3.5.30", prefix: "/x/etcd-a")
        try EngineStore.checkSeries(from: known, to: Version(3, 5, 31), allowsChange: false)
        let error = #expect(throws: EngineError.self) {
            try EngineStore.checkSeries(from: known, to: Version(3, 6, 9), allowsChange: false)
        }
        #expect(error?.reason == .series)
        #expect(error?.description.contains("update etcd --allow-series-change") == true)
    }

    @Test func otherEnginesMayChangeTheirSeries() throws {
        let known = record(.nginx, "1.26.3", prefix: "/x/nginx-a")
        try EngineStore.checkSeries(from: known, to: Version(1, 28, 0), allowsChange: false)
    }

    @Test func anotherVersionOfALibraryIsAnotherPrefix() {
        func package(_ version: String) -> PlannedPackage {
            PlannedPackage(
                record: .init(
                    name: "libssl3", version: version, architecture: "amd64", sha256: "00", bytes: 1, suite: "trixie"),
                fileName: "x.deb")
        }
        #expect(EngineBuild.fingerprint(of: [package("1")]) == EngineBuild.fingerprint(of: [package("1")]))
        #expect(EngineBuild.fingerprint(of: [package("1")]) != EngineBuild.fingerprint(of: [package("2")]))
    }

    private func record(_ engine: Engine, _ version: String, prefix: String) -> EngineRecord {
        EngineRecord(
            engine: engine, version: version, prefix: prefix,
            programs: [engine.rawValue: "\(prefix)/\(engine.rawValue)"],
            packages: [
                .init(
                    name: engine.rawValue, version: "\(version)-1", architecture: "amd64",
                    sha256: String(repeating: "ab", count: 32), bytes: 12, suite: "trixie")
            ], bytes: 34, installedAt: Date(timeIntervalSince1970: 1_700_000_000), isCurrent: true)
    }
}
