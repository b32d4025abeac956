"""`make deploy`: from this checkout to Cloudflare, by a plan that can be read before it is carried out."""
