import Foundation
import Glibc
import Testing

@testable import TandemServices

@Suite("A process that is started as another user")
struct UserTests {
    private static let isRoot = geteuid() == 0
    private static let nobody = getpwnam("nobody").map { ($0.pointee.pw_uid, $0.pointee.pw_gid) }
    private static let why: Comment = "changing to another user needs root"

    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("has that user's rights and groups, and none of ours", .enabled(if: isRoot, why))
    func changes() async throws {
        let (user, group) = try #require(Self.nobody)
        let lines = try await folder.run(
            folder.script(
                "id -u; id -g; id -G; grep ^Cap[EP] /proc/$$/status",
                user: .init(user: user, group: group, groups: [group, 12_345])))
        #expect(
            lines == [
                "\(user)", "\(group)", "\(group) 12345", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
            ])
    }

    @Test("owns its log, so that it can open it again by name", .enabled(if: isRoot, why))
    func log() async throws {
        let (user, group) = try #require(Self.nobody)
        _ = try await folder.run(
            folder.script("echo again >> \(folder.log)", user: .init(user: user, group: group, groups: [])))
        var status = stat()
        #expect(stat(folder.log, &status) == 0)
        #expect([status.st_uid, status.st_gid] == [user, group])
        #expect(folder.lines() == ["again"])
    }

    @Test("cannot be started in a folder that only we may enter", .enabled(if: isRoot, why))
    func directory() async throws {
        let (user, group) = try #require(Self.nobody)
        let ours = "\(folder.path)/ours"
        mkdir(ours, 0o700)
        var specification = folder.script("", user: .init(user: user, group: group, groups: []))
        specification.workingDirectory = ours
        #expect(throws: ProcessError.self) { try RunningProcess.start(specification) }
    }

    @Test("is refused, and says so, when we are an ordinary user", .enabled(if: !isRoot, "root may do it"))
    func refused() async throws {
        let error = #expect(throws: ProcessError.self) {
            try RunningProcess.start(folder.script("", user: .init(user: 65_534, group: 65_534, groups: [])))
        }
        #expect(error?.description.contains("Operation not permitted") == true)
    }
}
