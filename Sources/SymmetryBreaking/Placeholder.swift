// Placeholder: the paper's exact models come here.
