import TandemBlueprint

/// What a process that runs needs so that it has its present settings, found from its record alone.
struct SettingsChange {
    let record: ServiceRecord
    /// As they are now.
    let files: LoadedFiles
    let step: ChangeStep

    /// - Parameter fingerprint: of the present command and environment.
    init(service: ServiceBlueprint, record: ServiceRecord, fingerprint: String, files: LoadedFiles) {
        self.record = record
        self.files = files
        // Of a process without an account of what it has read nothing is known to differ.
        let loaded = record.loaded ?? files
        step = ChangeStep(
            hasNewCommand: record.fingerprint != fingerprint,
            hasNewConfiguration: loaded.configuration != files.configuration,
            hasNewInPlace: loaded.inPlace != files.inPlace, canReload: service.reloadSignal != nil)
    }
}
