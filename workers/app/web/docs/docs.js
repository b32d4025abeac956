// The App API, readable and to be tried out: the document is this deployment's own, and so is whom it calls.

const response = await fetch("/openapi.json");
const spec = await response.json();
spec.servers = [{ url: location.origin }];

SwaggerUIBundle({
  spec,
  dom_id: "#api",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // A token that is typed in here is for this page's life only.
  persistAuthorization: false,
  // No third party is asked whether the document is valid.
  validatorUrl: null,
});
