"use strict";
SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
  showExtensions: true,
  tagsSorter: "alpha",
  presets: [SwaggerUIBundle.presets.apis],
});
