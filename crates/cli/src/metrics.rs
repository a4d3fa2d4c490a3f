//! Prometheus metrics: the recorder, and figures read at the moment of asking. Labels name no tenant and no person.

use app::App;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::sync::Arc;

/// Bounds of the request-time histogram, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Installs the recorder; the function renders the present figures.
pub fn install(app: Arc<App>) -> anyhow::Result<impl Fn() -> String + Clone + Send + Sync + 'static> {
    let handle = PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder()?;
    Ok(move || {
        let (size, idle) = app.store().connections();
        metrics::gauge!("struct_database_connections").set(size as f64);
        metrics::gauge!("struct_database_connections_idle").set(idle as f64);
        handle.run_upkeep();
        handle.render()
    })
}
