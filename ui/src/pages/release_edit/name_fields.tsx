// Name and product of a new release.
import type { JSX } from "preact";
import { Field } from "../../parts/field";
import { useProducts } from "../../releases/products";

interface Props {
    name: string;
    product: string;
    wrong: { name: string | null; product: string | null };
    onName: (name: string) => void;
    onProduct: (product: string) => void;
}

export function NameFields({ name, product, wrong, onName, onProduct }: Props): JSX.Element {
    const products = useProducts();
    return (
        <div class="panel group">
            <div class="fields">
                <Field
                    label="Name"
                    value={name}
                    wrong={wrong.name}
                    help="As in the document; it cannot be changed later"
                    onInput={onName}
                />
                <Field
                    label="Product"
                    value={product}
                    wrong={wrong.product}
                    suggestions={products}
                    onInput={onProduct}
                />
            </div>
        </div>
    );
}
