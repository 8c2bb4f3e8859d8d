import Foundation

extension EngineBuild {
    /// Deletes what the programs do not need: other programs, manuals, translations, start scripts.
    func prune(_ prefix: String) throws {
        let recipe = engine.recipe
        for folder in ["usr/bin", "usr/sbin"] {
            try keepOnly(
                recipe.programs.values.filter { $0.hasPrefix("\(folder)/") }.map {
                    String($0.dropFirst(folder.count + 1))
                }, in: "\(prefix)/\(folder)")
        }
        try keepOnly(recipe.keptShares, in: "\(prefix)/usr/share")
        try keepOnly(recipe.keptSettings, in: "\(prefix)/etc")
        try keepOnly(["usr", "etc", "bin", "sbin", "lib"], in: prefix)
        try keepOnly(["bin", "sbin", "lib", "share"], in: "\(prefix)/usr")
        for name in ["systemd", "tmpfiles.d", "sysusers.d", "\(machine.triplet)/gconv"] {
            try removeTree("\(prefix)/usr/lib/\(name)")
        }
        guard !recipe.droppedLibraries.isEmpty else { return }
        let libraries = "\(prefix)/usr/lib"
        for case let name as String in FileManager.default.enumerator(atPath: libraries) ?? .init()
        where recipe.droppedLibraries.contains(where: { name.hasSuffix($0) }) {
            try removeTree("\(libraries)/\(name)")
        }
    }

    private func keepOnly(_ kept: [String], in folder: String) throws {
        for name in names(in: folder) where !kept.contains(name) { try removeTree("\(folder)/\(name)") }
    }
}
