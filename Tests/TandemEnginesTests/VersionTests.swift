import Testing

@testable import TandemEngines

@Suite struct VersionTests {
    @Test func theEpochAndTheRevisionOfADebianVersionDoNotCount() {
        #expect(Version(debian: "1:9.7.4+dfsg-2~deb13u1")?.description == "9.7.4")
        #expect(Version(debian: "none") == nil)
    }

    @Test func versionsCompareByNumberAndNotByText() {
        #expect(Version(8, 0, 9) < Version(8, 0, 26))
        #expect(!(Version(8, 0, 26) < Version(8, 0, 26)))
    }

    @Test func aSeriesIsTheFirstTwoNumbers() {
        #expect(Version("9.7.4-2 for Linux")?.series == "9.7")
    }
}
