// Registers the worker that shows the last results when the station does not answer.
if ('serviceWorker' in navigator) navigator.serviceWorker.register('/service-worker.js').catch(() => {})
