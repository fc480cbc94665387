"""How is one request written and sent, and what stands in its answer?"""
