import Foundation

/// The part of an article's address that stands for its title.
enum Slug {
    /// Leaves room for a suffix within the column's 255.
    private static let limit = 200

    /// `"Crème brûlée, 2 ways!"` → `creme-brulee-2-ways`. A title without any letter of the Latin alphabet gives
    /// `article`.
    static func make(from title: String) -> String {
        var slug = ""
        for scalar in title.decomposedStringWithCanonicalMapping.lowercased().unicodeScalars {
            if scalar.isASCII, scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                slug.unicodeScalars.append(scalar)
            } else if scalar.properties.generalCategory != .nonspacingMark, !slug.isEmpty, !slug.hasSuffix("-"),
                scalar != "'"
            {
                slug.append("-")
            }
            if slug.utf8.count >= limit { break }
        }
        while slug.hasSuffix("-") { slug.removeLast() }
        return slug.isEmpty ? "article" : slug
    }

    /// For a title that somebody else has used already.
    static func distinct(_ slug: String) -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
        return slug + "-" + String((0..<6).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] })
    }
}
