extension Loader {
    /// Folders by the beginning of the path under which they are served, which ends in a slash.
    mutating func staticFolders(in section: OpenSection) -> [String: String] {
        let name = section.fullName("static")
        guard let key = section.schema.key("static"), let entry = section.entries["static"], !entry.value.isNothing
        else {
            return [:]
        }
        guard case .mapping(let places) = entry.value.content else {
            guard let folder = optionalText("static", in: section) else { return [:] }
            checkIsPublic(folder.value, name: name, at: folder.position)
            return ["/": folder.value]
        }
        var folders: [String: String] = [:]
        var lines: [String: Int] = [:]
        for place in places {
            guard let prefix = prefix(place, name: name) else { continue }
            if let line = lines.updateValue(place.position.line, forKey: prefix) {
                problems.add("\(name): \(prefix.quoted) is here twice; first in line \(line)", at: place.position)
            }
            let folderName = "\(name).\(place.key)"
            switch place.value.content {
            case .refused: continue
            case .scalar(let scalar):
                guard
                    case .text(let folder)? = read(scalar, as: .path, name: folderName, at: place.value.position)
                else { continue }
                checkIsPublic(folder, name: folderName, at: place.value.position)
                folders[prefix] = folder
            case .sequence, .mapping:
                problems.add(
                    "\(folderName): \(Schema.Kind.path.mismatch(place.value.summary).message)", at: place.value.position
                )
            }
        }
        if places.isEmpty {
            problems.add("\(name): \(key.kind.mismatch("an empty map").message)", at: entry.value.position)
        }
        return folders
    }

    private mutating func prefix(_ place: Tree.Entry, name: String) -> String? {
        guard Grammar.isURLPath(place.key), !place.key.contains("/.") else {
            let hint =
                Grammar.urlPath(like: place.key).flatMap { $0 == place.key ? nil : $0 }.map {
                    "; did you mean \($0.quoted)?"
                } ?? ""
            problems.add(
                "\(name): expected the beginning of a path, such as /media, without names that begin with a dot, found "
                    + "\(place.key.quoted)\(hint)",
                at: place.position)
            return nil
        }
        return place.key.hasSuffix("/") ? place.key : place.key + "/"
    }

    private mutating func checkIsPublic(_ folder: String, name: String, at position: Position) {
        guard FilePath.isExposing(folder, stackFolder: self.folder) else { return }
        problems.add(
            "\(name): \(folder.quoted) would show the stack file and the keys beside it to everyone; expected a folder of "
                + "public files, such as 'public'",
            at: position)
    }
}
