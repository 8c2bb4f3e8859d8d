import Testing

@testable import TandemEngines

@Suite struct AptOutputTests {
    let sources = [
        AptSource(base: "http://mirror.example/debian", suite: "trixie", isOptional: false),
        AptSource(base: "http://mirror.example/debian-security", suite: "trixie-security", isOptional: true),
    ]
    let digits = String(repeating: "0a", count: 32)

    @Test func aPlanSaysWhatIsFetchedFromWhichSuite() throws {
        let plan = try AptOutput.plan(
            [
                "Reading package lists...",
                "'http://mirror.example/debian/pool/main/libx/libxcrypt/libcrypt1_4.4.38-1_amd64.deb' "
                    + "libcrypt1_1%3a4.4.38-1_amd64.deb 90072 SHA256:\(digits)",
                "'http://mirror.example/debian-security/pool/updates/main/h/haproxy/haproxy_3.0.11-1%2bdeb13u5_amd64.deb' "
                    + "haproxy_3.0.11-1+deb13u5_amd64.deb 2628116 SHA256:\(digits)",
            ], sources: sources)
        #expect(
            plan.map(\.record) == [
                EngineRecord.Package(
                    name: "libcrypt1", version: "1:4.4.38-1", architecture: "amd64", sha256: digits, bytes: 90072,
                    suite: "trixie"),
                EngineRecord.Package(
                    name: "haproxy", version: "3.0.11-1+deb13u5", architecture: "amd64", sha256: digits,
                    bytes: 2_628_116, suite: "trixie-security"),
            ])
        #expect(plan[0].fileName == "libcrypt1_1%3a4.4.38-1_amd64.deb")
    }

    @Test(
        "A plan without checksum, from elsewhere or with a path in a name is refused",
        arguments: [
            "'http://mirror.example/debian/pool/a_1_amd64.deb' a_1_amd64.deb 5 ",
            "'http://mirror.example/debian/pool/a_1_amd64.deb' a_1_amd64.deb 5 MD5Sum:0123",
            "'http://elsewhere.example/debian/pool/a_1_amd64.deb' a_1_amd64.deb 5 SHA256:"
                + String(repeating: "0a", count: 32),
            "'http://mirror.example/debian/pool/a_1_amd64.deb' ../a_1_amd64.deb 5 SHA256:"
                + String(repeating: "0a", count: 32),
        ])
    func refusedPlan(line: String) {
        #expect(throws: EngineError.self) { try AptOutput.plan([line], sources: sources) }
    }

    @Test func aDownloadIsRecognised() throws {
        let download = try #require(
            AptOutput.download(
                "Get:3 http://mirror.example/debian trixie/main amd64 libc6 amd64 2.41-12+deb13u4 [2847 kB]"))
        #expect(download == (name: "libc6", version: "2.41-12+deb13u4"))
        #expect(AptOutput.download("Get:1 http://mirror.example/debian trixie InRelease [140 kB]") == nil)
        #expect(AptOutput.download("Reading package lists...") == nil)
    }

    @Test func aFailureIsToldInTheFirstOfAptsOwnErrors() {
        let lines = ["W: something", "E: first", "E: second", "E: third", "E: fourth"]
        #expect(AptOutput.complaints(lines) == ["E: first", "E: second", "E: third"])
        #expect(AptOutput.complaints(["what", "ever"]) == ["what", "ever"])
    }

    @Test func whichMirrorFailedIsKnown() {
        let failed = AptOutput.failedSources(
            [
                "E: Failed to fetch http://mirror.example/debian-security/dists/trixie-security/InRelease  refused",
                "E: Some index files failed to download.",
            ], among: sources)
        #expect(failed == [sources[1]])
    }

    @Test func theSettingsKeepAptInsideItsFolderAndItsChecksOn() {
        let configuration = AptConfiguration(
            folder: "/a folder/apt-trixie", sources: sources, keyring: "/keys.gpg", architecture: "arm64")
        #expect(
            configuration.sourceList == """
                deb [target=Packages signed-by=/keys.gpg] http://mirror.example/debian trixie main
                deb [target=Packages signed-by=/keys.gpg] http://mirror.example/debian-security trixie-security main

                """)
        #expect(configuration.settings.contains("Dir::State::status \"/a folder/apt-trixie/status\";"))
        #expect(configuration.settings.contains("Acquire::AllowInsecureRepositories \"false\";"))
        #expect(configuration.statusFile.contains("Package: perl\nStatus: install ok installed\n"))
        #expect(configuration.statusFile.contains("Architecture: arm64\n"))
    }
}
