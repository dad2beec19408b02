// Starts the viewer of the API's description. It stands in a file of its own because our pages run no inline script.
"use strict";

const place = document.getElementById("api");

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.openapi,
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: false,
  displayRequestDuration: true,
  persistAuthorization: false,
  // No description leaves the house to be judged elsewhere.
  validatorUrl: null,
  presets: [window.SwaggerUIBundle.presets.apis],
});
