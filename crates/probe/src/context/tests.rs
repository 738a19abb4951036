use std::os::unix::fs::symlink;

use super::*;

fn context(files: &[&str]) -> (tempfile::TempDir, Context) {
    let directory = tempfile::tempdir().unwrap();
    for file in files {
        let path = directory.path().join("context").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file).unwrap();
    }
    let context = Context::open(&directory.path().join("context")).unwrap();
    (directory, context)
}

fn paths(context: &Context, source: &str) -> Vec<String> {
    context
        .tree(source)
        .unwrap()
        .into_iter()
        .map(|found| found.path)
        .collect()
}

#[test]
fn a_directory_gives_everything_below_it_in_order() {
    let (_keep, context) = context(&["b/2", "b/1", "b/a/x", "c"]);
    assert_eq!(paths(&context, "b"), ["", "1", "2", "a", "a/x"]);
    assert_eq!(
        paths(&context, ""),
        ["", "b", "b/1", "b/2", "b/a", "b/a/x", "c"]
    );
}

#[test]
fn wildcards_match_within_one_level() {
    let (_keep, context) = context(&["a.txt", "b.txt", "d/c.txt"]);
    assert_eq!(context.sources("*.txt").unwrap(), ["a.txt", "b.txt"]);
    assert_eq!(context.sources("/*/c.*").unwrap(), ["d/c.txt"]);
    assert!(matches!(
        context.sources("*.md"),
        Err(ContextError::NothingMatches(_))
    ));
}

#[test]
fn nothing_outside_the_context_can_be_named() {
    let (directory, context) = context(&["inside"]);
    std::fs::write(directory.path().join("secret"), "s").unwrap();
    for source in ["../secret", "a/../../secret", "./.."] {
        assert!(
            matches!(context.sources(source), Err(ContextError::Escapes(_))),
            "{source}"
        );
    }
    assert_eq!(context.sources("/./inside").unwrap(), ["inside"]);
    assert!(matches!(
        context.tree("missing"),
        Err(ContextError::Missing(_))
    ));
}

#[test]
fn links_out_of_the_context_are_refused_however_they_are_reached() {
    let (directory, context) = context(&["d/inside"]);
    std::fs::write(directory.path().join("secret"), "s").unwrap();
    let root = directory.path().join("context");
    symlink("../../secret", root.join("d/out")).unwrap();
    symlink(directory.path(), root.join("outer")).unwrap();
    assert!(
        matches!(context.tree("d/out"), Err(ContextError::Escapes(_))),
        "named"
    );
    assert!(
        matches!(context.tree("d"), Err(ContextError::Escapes(_))),
        "found in a directory"
    );
    assert!(
        matches!(context.tree("outer/secret"), Err(ContextError::Escapes(_))),
        "through a directory"
    );
}

#[test]
fn links_within_the_context_stay_links_and_are_followed_when_named() {
    let (directory, context) = context(&["d/inside"]);
    symlink("d/inside", directory.path().join("context/link")).unwrap();
    let all = context.tree("").unwrap();
    assert!(all.contains(&Found {
        path: "link".into(),
        kind: Kind::Symlink {
            target: "d/inside".into()
        }
    }));
    assert!(matches!(
        context.tree("link").unwrap()[0].kind,
        Kind::File { .. }
    ));
}

#[test]
fn a_dockerignore_is_an_error_as_long_as_it_is_not_honoured() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(".dockerignore"), "x").unwrap();
    assert!(matches!(
        Context::open(directory.path()),
        Err(ContextError::DockerIgnore)
    ));
}

#[test]
fn special_files_are_refused() {
    let (directory, context) = context(&["inside"]);
    let _socket =
        std::os::unix::net::UnixListener::bind(directory.path().join("context/socket")).unwrap();
    assert!(matches!(context.tree(""), Err(ContextError::Special(path)) if path == "socket"));
}
