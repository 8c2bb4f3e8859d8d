import Foundation
import Testing

@testable import TandemAgent

@Suite("A primary whose disk gets full")
struct DiskRoomTests {
    @Test("it gives its place to a partner that has room, and keeps it where nothing is won")
    func handOver() {
        #expect(DiskRoom.handsOver(own: 63, partner: 128))
        #expect(DiskRoom.handsOver(own: 0, partner: 100_000))
        #expect(!DiskRoom.handsOver(own: 64, partner: 100_000), "there is room")
        #expect(!DiskRoom.handsOver(own: 10, partner: 127), "the partner would hand back in the next moment")
        #expect(!DiskRoom.handsOver(own: nil, partner: 1000) && !DiskRoom.handsOver(own: 0, partner: nil))
    }

    @Test("the room is that of the disk that the folder lies on")
    func room() throws {
        let room = try #require(DiskRoom.megabytes(at: "/"))
        // Others write meanwhile.
        let free = try #require(
            FileManager.default.attributesOfFileSystem(forPath: "/")[.systemFreeSize] as? NSNumber)
        #expect(room > 0 && abs(room - free.intValue / (1 << 20)) < 2048)
        #expect(DiskRoom.megabytes(at: "/no/such/folder") == nil)
    }
}
