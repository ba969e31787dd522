use lifeos_sdk::{Report, Document, FileTask, Settings, file_task};
struct Tidy;
impl FileTask for Tidy {
    type Options = ();
    fn configure(_: (), _: &Settings) -> Result<Self, String> { Ok(Tidy) }
    fn check(&self, document: &Document) -> Result<Report, String> { let _ = document; Ok(Report::default()) }
}
file_task!(Tidy);
