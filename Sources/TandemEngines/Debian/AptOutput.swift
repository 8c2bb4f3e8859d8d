import Foundation

/// One package that apt would fetch.
struct PlannedPackage: Sendable, Equatable {
    var record: EngineRecord.Package
    /// Its name in apt's archive folder.
    var fileName: String
}

/// What apt-get prints, made into values. Pure.
enum AptOutput {
    /// Reads `apt-get install --print-uris`: lines like `'ADDRESS' FILE BYTES SHA256:DIGITS`.
    /// - Throws: ``EngineError`` if a line of that form lacks the checksum or is of no source known here.
    static func plan(_ lines: [String], sources: [AptSource]) throws -> [PlannedPackage] {
        try lines.filter { $0.hasPrefix("'") }.map { line in
            guard let package = plannedPackage(line, sources: sources) else {
                throw EngineError(
                    .packages, doing: "understand what apt-get would fetch", what: "it printed: \(line)",
                    next: "Report this together with the output of `apt-get --version`.")
            }
            return package
        }
    }

    private static func plannedPackage(_ line: String, sources: [AptSource]) -> PlannedPackage? {
        let parts = line.split(separator: " ")
        guard parts.count == 4, let bytes = Int64(parts[2]), parts[3].hasPrefix("SHA256:") else { return nil }
        let address = parts[0].dropFirst().dropLast()
        let fileName = String(parts[1])
        let name = fileName.split(separator: "_")
        let sha256 = String(parts[3].dropFirst("SHA256:".count))
        guard name.count == 3, name[2].hasSuffix(".deb"), sha256.count == 64, !fileName.contains("/"),
            let version = String(name[1]).removingPercentEncoding,
            let source = sources.first(where: { address.hasPrefix($0.base + "/") })
        else { return nil }
        let record = EngineRecord.Package(
            name: String(name[0]), version: version, architecture: String(name[2].dropLast(4)), sha256: sha256,
            bytes: bytes, suite: source.suite)
        return PlannedPackage(record: record, fileName: fileName)
    }

    /// The package that a line such as `Get:3 ADDRESS trixie/main amd64 libc6 amd64 2.41-12 [2847 kB]` says is coming.
    static func download(_ line: String) -> (name: String, version: String)? {
        let parts = line.split(separator: " ")
        guard line.hasPrefix("Get:"), parts.count >= 7 else { return nil }
        return (String(parts[4]), String(parts[6]))
    }

    /// apt's own words for a failure: its errors, or its warnings where it has no errors; three lines at most.
    static func complaints(_ lines: [String]) -> [String] {
        let errors = lines.filter { $0.hasPrefix("E: ") || $0.hasPrefix("Err:") }
        let warnings = lines.filter { $0.hasPrefix("W: ") }
        let chosen = warnings.filter { isAboutSignature($0) } + (errors.isEmpty ? warnings : errors)
        return Array((chosen.isEmpty ? lines.suffix(3) : chosen[...]).prefix(3))
    }

    static func isAboutSignature(_ line: String) -> Bool {
        ["is not signed", "NO_PUBKEY", "GPG error", "OpenPGP", "signatures were invalid", "signature verification"]
            .contains { line.contains($0) }
    }

    /// The sources whose address stands in a complaint.
    static func failedSources(_ lines: [String], among sources: [AptSource]) -> [AptSource] {
        sources.filter { source in
            lines.contains { line in
                (line.hasPrefix("E: ") || line.hasPrefix("W: "))
                    && (line.contains("\(source.base)/dists/\(source.suite)/")
                        || line.contains("\(source.base) \(source.suite) "))
            }
        }
    }
}
