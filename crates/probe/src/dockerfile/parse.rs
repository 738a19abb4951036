//! From the text of a Dockerfile to the steps that we carry out; everything else is an error on its line.

use parse_dockerfile::{
    Command, CopyInstruction, Flag, FromInstruction, Instruction as Parsed, Source,
};

use super::{Dockerfile, DockerfileError, From, Instruction, Problem, Step, words};

/// Owners that need no work: everything in our layers belongs to them.
const ROOT_OWNERS: [&str; 6] = ["0", "0:0", "root", "root:root", "0:root", "root:0"];

/// Reads a Dockerfile.
pub(crate) fn parse(text: &str) -> Result<Dockerfile, DockerfileError> {
    let parsed = parse_dockerfile::parse(text)
        .map_err(|error| Problem::Syntax(message(&error)).on(error.line()))?;
    let escape = parsed
        .parser_directives
        .escape
        .as_ref()
        .map_or('\\', |directive| directive.value.value);
    let mut from = None;
    let mut steps = Vec::new();
    for instruction in &parsed.instructions {
        let line = line_of(text, position(instruction));
        if let Parsed::From(instruction) = instruction {
            if from.is_some() {
                return Err(
                    Problem::Feature("a second FROM (builds of several stages)".into()).on(line),
                );
            }
            from = Some(base(instruction, line).map_err(|problem| problem.on(line))?);
        } else {
            let instruction = step(instruction, escape).map_err(|problem| problem.on(line))?;
            steps.push(Step { line, instruction });
        }
    }
    match from {
        Some(from) => Ok(Dockerfile {
            from,
            steps,
            escape,
        }),
        None => Err(Problem::Syntax("expected at least one FROM instruction".into()).on(0)),
    }
}

/// The error's text without the position, which we print ourselves.
fn message(error: &parse_dockerfile::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

fn base(from: &FromInstruction<'_>, line: usize) -> Result<From, Problem> {
    let mut platform = None;
    for option in &from.options {
        match (option.name.value.as_ref(), &option.value) {
            ("platform", Some(value)) => platform = Some(value.value.parse()?),
            _ => return Err(unknown_option("FROM", option)),
        }
    }
    let image = match from.image.value.as_ref() {
        "scratch" => None,
        image => Some(image.parse()?),
    };
    Ok(From {
        line,
        image,
        platform,
    })
}

fn step(instruction: &Parsed<'_>, escape: char) -> Result<Instruction, Problem> {
    Ok(match instruction {
        Parsed::Copy(copy) => self::copy(copy)?,
        Parsed::Env(env) => {
            Instruction::Environment(words::assignments(&env.arguments.value, escape)?)
        }
        Parsed::Label(label) => {
            Instruction::Label(words::assignments(&label.arguments.value, escape)?)
        }
        Parsed::Workdir(workdir) => {
            Instruction::WorkingDirectory(workdir.arguments.value.to_string())
        }
        Parsed::User(user) => Instruction::User(user.arguments.value.to_string()),
        Parsed::Expose(expose) => Instruction::Expose(
            expose
                .arguments
                .iter()
                .map(|port| port.value.to_string())
                .collect(),
        ),
        Parsed::Entrypoint(entrypoint) => {
            Instruction::Entrypoint(command("ENTRYPOINT", &entrypoint.arguments, escape)?)
        }
        Parsed::Cmd(cmd) => Instruction::Command(command("CMD", &cmd.arguments, escape)?),
        Parsed::From(_) => return Err(Problem::Instruction("a second FROM")),
        Parsed::Add(_) => return Err(Problem::Instruction("ADD")),
        Parsed::Arg(_) => return Err(Problem::Instruction("ARG")),
        Parsed::Run(_) => return Err(Problem::Instruction("RUN")),
        Parsed::Healthcheck(_) => return Err(Problem::Instruction("HEALTHCHECK")),
        Parsed::Maintainer(_) => return Err(Problem::Instruction("MAINTAINER")),
        Parsed::Onbuild(_) => return Err(Problem::Instruction("ONBUILD")),
        Parsed::Shell(_) => return Err(Problem::Instruction("SHELL")),
        Parsed::Stopsignal(_) => return Err(Problem::Instruction("STOPSIGNAL")),
        Parsed::Volume(_) => return Err(Problem::Instruction("VOLUME")),
        _ => return Err(Problem::Instruction("this instruction")),
    })
}

fn copy(copy: &CopyInstruction<'_>) -> Result<Instruction, Problem> {
    for option in &copy.options {
        match (option.name.value.as_ref(), &option.value) {
            ("chown", Some(owner)) if ROOT_OWNERS.contains(&owner.value.as_ref()) => {}
            ("chown", _) => {
                return Err(Problem::Feature(
                    "COPY --chown with another owner than root (0:0), which every file gets".into(),
                ));
            }
            _ => return Err(unknown_option("COPY", option)),
        }
    }
    let sources = copy
        .src
        .iter()
        .map(|source| match source {
            Source::Path(path) => Ok(path.value.to_string()),
            _ => Err(Problem::Feature("here-documents in COPY".into())),
        })
        .collect::<Result<_, _>>()?;
    Ok(Instruction::Copy {
        sources,
        destination: copy.dest.value.to_string(),
    })
}

fn command(
    name: &'static str,
    command: &Command<'_>,
    escape: char,
) -> Result<Vec<String>, Problem> {
    match command {
        Command::Exec(arguments) => Ok(arguments
            .value
            .iter()
            .map(|argument| argument.value.to_string())
            .collect()),
        Command::Shell(text) if text.value.trim().is_empty() => Err(Problem::Syntax(format!(
            "{name} requires at least one argument"
        ))),
        Command::Shell(text) => Ok(vec![
            "/bin/sh".into(),
            "-c".into(),
            joined(text.value, escape),
        ]),
        _ => Err(Problem::Feature(format!("this form of {name}"))),
    }
}

/// Continued lines as one: without the escape characters at their ends and the comment lines between them.
fn joined(text: &str, escape: char) -> String {
    text.lines()
        .enumerate()
        .filter(|(index, line)| *index == 0 || !line.trim_start().starts_with('#'))
        .map(|(_, line)| line.trim_end().strip_suffix(escape).unwrap_or(line))
        .collect()
}

fn unknown_option(instruction: &str, option: &Flag<'_>) -> Problem {
    Problem::Feature(format!("{instruction} --{}", option.name.value))
}

fn line_of(text: &str, position: usize) -> usize {
    text.bytes()
        .take(position)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

fn position(instruction: &Parsed<'_>) -> usize {
    let keyword = match instruction {
        Parsed::Add(instruction) => &instruction.add,
        Parsed::Arg(instruction) => &instruction.arg,
        Parsed::Cmd(instruction) => &instruction.cmd,
        Parsed::Copy(instruction) => &instruction.copy,
        Parsed::Entrypoint(instruction) => &instruction.entrypoint,
        Parsed::Env(instruction) => &instruction.env,
        Parsed::Expose(instruction) => &instruction.expose,
        Parsed::From(instruction) => &instruction.from,
        Parsed::Healthcheck(instruction) => &instruction.healthcheck,
        Parsed::Label(instruction) => &instruction.label,
        Parsed::Maintainer(instruction) => &instruction.maintainer,
        Parsed::Onbuild(instruction) => &instruction.onbuild,
        Parsed::Run(instruction) => &instruction.run,
        Parsed::Shell(instruction) => &instruction.shell,
        Parsed::Stopsignal(instruction) => &instruction.stopsignal,
        Parsed::User(instruction) => &instruction.user,
        Parsed::Volume(instruction) => &instruction.volume,
        Parsed::Workdir(instruction) => &instruction.workdir,
        _ => return 0,
    };
    keyword.span.start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (usize, String) {
        let error = parse(text).unwrap_err();
        (error.line, error.problem.to_string())
    }

    #[test]
    fn all_instructions_are_read_with_their_lines() {
        let file = parse(
            "# a comment\nFROM docker.io/library/alpine:3 AS base\nCOPY --chown=0:0 a \\\n  # between\n  b /x/\nCOPY [\"a b\", \"c\"]\nENV A=1 B=2\n\nLABEL a b\nWORKDIR /w\nUSER 1:2\nEXPOSE 80 443/tcp\nENTRYPOINT [\"/app\"]\nCMD echo \\\n  hi\n",
        )
        .unwrap();
        assert_eq!(
            file.from.image.unwrap().to_string(),
            "docker.io/library/alpine:3"
        );
        let steps: Vec<(usize, String)> = file
            .steps
            .iter()
            .map(|step| (step.line, step.instruction.to_string()))
            .collect();
        let expected = [
            (3, "COPY a b /x/"),
            (6, "COPY a b c"),
            (7, "ENV A=1 B=2"),
            (9, "LABEL a=b"),
            (10, "WORKDIR /w"),
            (11, "USER 1:2"),
            (12, "EXPOSE 80 443/tcp"),
            (13, "ENTRYPOINT [\"/app\"]"),
            (14, "CMD [\"/bin/sh\",\"-c\",\"echo   hi\"]"),
        ];
        assert_eq!(steps, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn every_other_instruction_is_an_error_on_its_line() {
        for (instruction, name) in [
            ("RUN true", "RUN"),
            ("ADD a b", "ADD"),
            ("ARG X", "ARG"),
            ("VOLUME /x", "VOLUME"),
            ("SHELL [\"x\"]", "SHELL"),
            ("HEALTHCHECK NONE", "HEALTHCHECK"),
            ("ONBUILD COPY a b", "ONBUILD"),
            ("STOPSIGNAL 9", "STOPSIGNAL"),
            ("MAINTAINER x", "MAINTAINER"),
        ] {
            let (line, text) = error(&format!("FROM scratch\n\n{instruction}\n"));
            assert_eq!(line, 3, "{instruction}");
            assert!(
                text.contains(&format!("does not carry out {name};")),
                "{text}"
            );
        }
        assert_eq!(
            error("FROM scratch\nBOGUS a\n"),
            (2, "unknown instruction 'BOGUS'".to_owned())
        );
    }

    #[test]
    fn what_would_be_ignored_is_an_error() {
        for (text, line, part) in [
            ("FROM scratch\nFROM scratch\n", 2, "several stages"),
            ("FROM scratch\nCOPY --from=x a b\n", 2, "COPY --from"),
            ("FROM scratch\nCOPY --chmod=755 a b\n", 2, "COPY --chmod"),
            ("FROM scratch\nCOPY --chown=1 a b\n", 2, "--chown"),
            ("FROM scratch\nCOPY <<EOF /a\nx\nEOF\n", 2, "here-documents"),
            ("FROM --mount=x scratch\n", 1, "FROM --mount"),
            ("FROM alpine\n", 1, "names no registry"),
            ("FROM --platform=x scratch\n", 1, "not a platform"),
            ("FROM scratch\nCMD\n", 2, "at least one argument"),
            ("FROM scratch\nENV A\n", 2, "NAME=VALUE"),
            ("ARG A\nFROM scratch\n", 1, "ARG"),
            ("", 0, "FROM"),
        ] {
            let (found, message) = error(text);
            assert_eq!(found, line, "{text}: {message}");
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
