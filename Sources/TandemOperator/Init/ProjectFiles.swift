import Foundation

/// The files of a folder, as far as they tell what kind of project it is.
package struct ProjectFiles: Sendable {
    package var folder: String
    /// Folders with the machine's programs.
    var searchPath: [String] = Self.ownSearchPath

    package init(folder: String, searchPath: [String] = Self.ownSearchPath) {
        self.folder = folder
        self.searchPath = searchPath
    }

    static var ownSearchPath: [String] {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
            .filter { $0.hasPrefix("/") }
    }

    /// A file larger than this is none that a person wrote.
    private static let limitBytes = 1 << 20
    /// Enough to find a route; a larger project keeps its routes near the top.
    private static let sourceLimit = 200
    private static let sourceDepth = 4

    package func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }

    func hasFolder(_ name: String) -> Bool {
        var isFolder = ObjCBool(false)
        return FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Whether the machine has a program of this name.
    func machineHas(_ program: String) -> Bool {
        searchPath.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }

    /// nil where there is none that can be read.
    package func text(_ name: String) -> String? {
        guard let handle = FileHandle(forReadingAtPath: "\(folder)/\(name)") else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: Self.limitBytes) else { return nil }
        return String(data: data, encoding: .utf8)
    }

    /// The names in a folder, sorted; none where there is no such folder.
    package func names(in name: String = ".") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)")) ?? []).sorted()
    }

    /// Folders directly below that hold a file of this name.
    func folders(with name: String) -> [String] {
        names().filter { !$0.hasPrefix(".") && has("\($0)/\(name)") }
    }

    /// Source files by the ends of their names, those nearest to the top first. Hidden folders and those of other
    /// people's packages are left out.
    func sources(_ endings: [String]) -> [String] {
        let foreign: Set<String> = ["node_modules", "vendor", "venv", "env", "__pycache__", "dist", "build"]
        var found: [String] = []
        var level = [""]
        for _ in 0..<Self.sourceDepth {
            var below: [String] = []
            for parent in level {
                for name in names(in: parent.isEmpty ? "." : parent) where !name.hasPrefix(".") {
                    let path = parent.isEmpty ? name : "\(parent)/\(name)"
                    if hasFolder(path) {
                        if !foreign.contains(name) { below.append(path) }
                    } else if endings.contains(where: name.hasSuffix) {
                        found.append(path)
                        if found.count == Self.sourceLimit { return found }
                    }
                }
            }
            level = Array(below.prefix(Self.sourceLimit))
        }
        return found
    }
}
