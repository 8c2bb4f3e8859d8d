import Testing

@testable import TandemEngines

@Suite struct DebianArchiveTests {
    let machine = [
        "Docker|Docker CE|https://other.example/linux/debian/",
        "Debian|Debian|http://near.example/debian/",
        "Debian|Debian|http://second.example/debian/",
        "Debian|Debian-Security|http://near.example/security/",
    ].compactMap(MachineMirror.init)

    @Test func theMachinesOwnMirrorsAreUsed() {
        let sources = DebianArchive().sources(for: .trixie, machineMirrors: machine)
        #expect(
            sources == [
                AptSource(base: "http://near.example/debian", suite: "trixie", isOptional: false),
                AptSource(base: "http://near.example/security", suite: "trixie-security", isOptional: true),
            ])
    }

    @Test func theRollingReleaseHasNoSecuritySuite() {
        let sources = DebianArchive().sources(for: .sid, machineMirrors: machine)
        #expect(sources == [AptSource(base: "http://near.example/debian", suite: "sid", isOptional: false)])
    }

    @Test func aMachineThatNeverFetchedItsIndexIsJudgedByAddresses() {
        let mirrors = ["$(ORIGIN)|$(LABEL)|http://near.example/debian/", "||http://near.example/debian-security"]
            .compactMap(MachineMirror.init)
        #expect(
            DebianArchive().sources(for: .trixie, machineMirrors: mirrors).map(\.base) == [
                "http://near.example/debian", "http://near.example/debian-security",
            ])
    }

    @Test func withoutOneOfItsOwnTheMachineGetsDebiansStandardMirrors() {
        let ubuntu = ["Ubuntu|Ubuntu|http://ubuntu.example/ubuntu/"].compactMap(MachineMirror.init)
        #expect(
            DebianArchive().sources(for: .trixie, machineMirrors: ubuntu).map(\.base) == [
                DebianArchive.standardMirror, DebianArchive.standardSecurityMirror,
            ])
    }

    @Test func aMirrorThatIsNamedComesFirst() {
        let archive = DebianArchive(mirror: "http://named.example/debian")
        #expect(archive.sources(for: .sid, machineMirrors: machine).map(\.base) == ["http://named.example/debian"])
    }

    @Test func anArchitectureWithoutSupportIsRefused() throws {
        #expect(try DebianMachine(architecture: "arm64", mirrors: []).loader == "ld-linux-aarch64.so.1")
        #expect(throws: EngineError.self) { try DebianMachine(architecture: "riscv64", mirrors: []) }
    }
}
