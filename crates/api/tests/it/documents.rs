//! The page on which the API is read and tried (contract 4.5).

use crate::support::TestApi;

#[tokio::test]
async fn c4_5_the_page_and_its_parts_come_from_the_service_itself() {
    let api = TestApi::start().await;
    let page = api.get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let html = page.text();
    assert!(html.contains("<title>whisperX REST service - Swagger UI</title>"));
    assert!(!html.contains("//"), "no other machine is asked: {html}");
    for part in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "favicon-32x32.png",
    ] {
        assert!(html.contains(&format!("docs/{part}")));
        let answer = api.get(&format!("/docs/{part}")).await;
        assert_eq!(answer.status, 200, "{part}");
        assert!(!answer.body.is_empty());
    }
    assert!(html.contains(r#"url: "openapi.json""#));
}
