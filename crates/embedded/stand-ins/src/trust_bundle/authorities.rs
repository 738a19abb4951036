//! Whom pipelines trust: the deployment's authority, and those that the Bundle adds.

use konflux_api::trust_manager::Bundle;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// The PEM certificates of the deployment and of the Bundle, or what is wrong with the Bundle.
///
/// In Konflux the deployment's authority is a source of the Bundle itself; here it is there without one.
pub(super) fn pem(own: &str, bundle: Option<&Bundle>) -> Result<String, String> {
    let sources = bundle.map_or(&[][..], |bundle| &bundle.spec.sources);
    let mut together = own.trim_end().to_owned();
    for (index, source) in sources.iter().enumerate() {
        let Some(certificates) = source.in_line.as_deref() else {
            return Err(format!(
                "spec.sources[{index}] is not inLine; konflux-local's model of trust-manager has no other sources"
            ));
        };
        if !certificates.contains(BEGIN) {
            return Err(format!(
                "spec.sources[{index}].inLine has no certificate in PEM"
            ));
        }
        together.push('\n');
        together.push_str(certificates.trim());
    }
    together.push('\n');
    Ok(together)
}

#[cfg(test)]
mod tests {
    use konflux_api::trust_manager::{BundleSource, BundleSpec};

    use super::*;

    fn bundle(sources: &[Option<&str>]) -> Bundle {
        let source = |text: &Option<&str>| BundleSource {
            in_line: text.map(str::to_owned),
        };
        let spec = BundleSpec {
            sources: sources.iter().map(source).collect(),
            ..BundleSpec::default()
        };
        Bundle::new("trusted-ca", spec)
    }

    #[test]
    fn further_authorities_come_after_the_deployments_own() {
        let further = format!("\n{BEGIN}\nfurther\n");
        let own = format!("{BEGIN}\nown\n");
        let together = format!("{BEGIN}\nown\n{BEGIN}\nfurther\n");
        assert_eq!(pem(&own, Some(&bundle(&[Some(&further)]))), Ok(together));
        assert_eq!(pem(&own, None), Ok(own));
    }

    #[test]
    fn what_is_no_certificate_is_named() {
        let certificate = format!("{BEGIN}\n");
        let of = |sources: &[Option<&str>]| pem("own", Some(&bundle(sources))).unwrap_err();
        let text = of(&[Some(&certificate), Some("hello")]);
        assert!(
            text.contains("spec.sources[1].inLine has no cert"),
            "{text}"
        );
        assert!(of(&[None]).contains("spec.sources[0] is not inLine"));
    }
}
