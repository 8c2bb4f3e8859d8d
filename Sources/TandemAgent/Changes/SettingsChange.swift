import Glibc
import TandemBlueprint
import TandemServices

/// What a process that runs needs so that it has its present settings, found from its record alone.
struct SettingsChange {
    enum Step {
        case nothing
        /// In place: nothing is cut, nothing is replaced.
        case refresh
        case reload
        case restart
    }

    let record: ServiceRecord
    /// As they are now.
    let files: LoadedFiles
    let step: Step

    init(
        service: ServiceBlueprint, record: ServiceRecord, fingerprint: String, files: LoadedFiles, canRefresh: Bool
    ) {
        self.record = record
        self.files = files
        let reload = service.reloadSignal == nil ? Step.restart : .reload
        step =
            if record.fingerprint != fingerprint {
                .restart
            } else if let loaded = record.loaded, loaded.configuration != files.configuration {
                reload
            } else if let loaded = record.loaded, loaded.inPlace != files.inPlace {
                canRefresh ? .refresh : reload
            } else {
                .nothing
            }
    }
}
