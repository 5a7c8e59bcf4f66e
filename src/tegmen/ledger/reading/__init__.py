"""From a public article to draft entries of the ledger, by a compact grammar of quantities, hedges and attributions.

From the bytes up: `articles` (bytes to the text a reader sees), `lexicon`, `sentences`, `dates`, `numbers`,
`quantities`, `names`, `speakers`, `setting`, `elliptical`; then what stands in the text: `statements`, `meetings`,
`events`, `tables`; then
`drafting` (an article to drafts) and `review` (drafts to entries, by a person's choice).
"""
